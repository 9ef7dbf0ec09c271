import { DATABASE_NAMES, SERVICE_NAMES } from '../../src/platform.ts';
import { type Fault, named } from './fault.ts';
import {
  besideNewer,
  freeze,
  KILL_POINTS,
  kill,
  killAtAnswer,
  killAtBroker,
  killAtDatabase,
  replicaFrozen,
  terminate,
} from './process-faults.ts';
import {
  backendKilled,
  backendsTerminated,
  brokerStopped,
  connectionsClosed,
  exchangeDeleted,
  memoryAlarm,
  queueDeleted,
  queuesPurged,
  redisFlushed,
  redisFull,
  redisPaused,
  serverFrozen,
  serverKilled,
  unbound,
} from './server-faults.ts';
import { answersLost, answersTruncated, cutOften, down, slow, stall, unsteady } from './way-faults.ts';

const DATABASES = Object.values(DATABASE_NAMES);
const CONSUMERS = ['order-service', 'payment-service', 'product-service', 'notification-service'] as const;
const OWNING = Object.keys(DATABASE_NAMES) as (keyof typeof DATABASE_NAMES)[];
const CALLED = ['user-service', 'product-service', 'order-service', 'payment-service'] as const;
const ASKED_FOR_ORDERS = ['product-service', 'order-service', 'api-gateway'] as const;
const LOADED = ['product-service', 'order-service', 'payment-service'] as const;

const PROCESS_FAULTS: [string, Fault][] = [
  ...named('kill', SERVICE_NAMES, kill),
  ...named('freeze', SERVICE_NAMES, freeze),
  ...named('terminate', SERVICE_NAMES, terminate),
  ...named('kill before commit of', OWNING, (name) => killAtDatabase(name, KILL_POINTS.beforeCommit)),
  ...named('kill after commit of', OWNING, (name) => killAtDatabase(name, KILL_POINTS.afterCommit)),
  ...named('kill before statement of', OWNING, (name) => killAtDatabase(name, KILL_POINTS.beforeStatement)),
  ...named('kill after statement of', OWNING, (name) => killAtDatabase(name, KILL_POINTS.afterStatement)),
  ...named('kill at publish of', CONSUMERS, (name) => killAtBroker(name, KILL_POINTS.atPublish)),
  ...named('kill at confirm of', CONSUMERS, (name) => killAtBroker(name, KILL_POINTS.atConfirm)),
  ...named('kill at delivery to', CONSUMERS, (name) => killAtBroker(name, KILL_POINTS.atDelivery)),
  ...named('kill at ack of', CONSUMERS, (name) => killAtBroker(name, KILL_POINTS.atAck)),
  ...named('kill at answer of', ASKED_FOR_ORDERS, killAtAnswer),
  ...named('one of two frozen:', LOADED, replicaFrozen),
  ...named('beside a newer', CONSUMERS, besideNewer),
];

const WAY_FAULTS: [string, Fault][] = [
  ['broker down', down(({ broker }) => broker)],
  ['broker stalled', stall(({ broker }) => broker)],
  ['broker deaf', stall(({ broker }) => broker, 'to-server')],
  ['broker mute', stall(({ broker }) => broker, 'to-client')],
  ['broker cut often', cutOften(({ broker }) => broker)],
  ['broker slow', slow(({ broker }) => broker)],
  ['broker unsteady', unsteady(({ broker }) => broker)],
  ...named('broker stalled for', CONSUMERS, (name) => stall(({ brokers }) => brokers[name])),
  ...named('database down:', DATABASES, (name) => down(({ databases }) => databases[name])),
  ...named('database stalled:', DATABASES, (name) => stall(({ databases }) => databases[name])),
  ...named('database mute:', DATABASES, (name) => stall(({ databases }) => databases[name], 'to-client')),
  ...named('database cut often:', DATABASES, (name) => cutOften(({ databases }) => databases[name])),
  ...named('database answers lost:', DATABASES, (name) => answersLost(({ databases }) => databases[name])),
  ['redis down', down(({ keyValue }) => keyValue)],
  ['redis stalled', stall(({ keyValue }) => keyValue)],
  ['redis unsteady', unsteady(({ keyValue }) => keyValue)],
  ['mail down', down(({ mail }) => mail)],
  ['mail stalled', stall(({ mail }) => mail)],
  ['mail answers lost', answersLost(({ mail }) => mail)],
  ...named('calls refused to', CALLED, (name) => down(({ services }) => services[name])),
  ...named('calls stalled to', CALLED, (name) => stall(({ services }) => services[name])),
  ...named('calls cut often to', CALLED, (name) => cutOften(({ services }) => services[name])),
  ...named('calls slow to', CALLED, (name) => slow(({ services }) => services[name])),
  ...named('calls unsteady to', CALLED, (name) => unsteady(({ services }) => services[name])),
  ...named('answers lost of', ASKED_FOR_ORDERS, (name) => answersLost(({ services }) => services[name])),
  ...named('answers truncated of', ASKED_FOR_ORDERS, (name) => answersTruncated(({ services }) => services[name])),
];

const SERVER_FAULTS: [string, Fault][] = [
  ['queues purged', queuesPurged],
  ...named('queue deleted of', CONSUMERS, queueDeleted),
  ...named('bindings removed of', CONSUMERS, unbound),
  ['exchange deleted', exchangeDeleted],
  ...named('backends terminated:', DATABASES, backendsTerminated),
  ['redis flushed', redisFlushed],
  ['server rabbitmq killed', serverKilled(({ rabbitMq }) => rabbitMq)],
  ['server rabbitmq frozen', serverFrozen(({ rabbitMq }) => rabbitMq)],
  ['server rabbitmq stopped', brokerStopped],
  ['server rabbitmq memory alarm', memoryAlarm],
  ['server rabbitmq closes connections', connectionsClosed],
  ['server postgres killed', serverKilled(({ postgres }) => postgres)],
  ['server postgres frozen', serverFrozen(({ postgres }) => postgres)],
  ['server postgres session killed', backendKilled],
  ['server redis killed', serverKilled(({ redis }) => redis)],
  ['server redis frozen', serverFrozen(({ redis }) => redis)],
  ['server redis paused', redisPaused],
  ['server redis full', redisFull],
];

/** Every fault by its name. */
export const FAULTS: ReadonlyMap<string, Fault> = new Map([...PROCESS_FAULTS, ...WAY_FAULTS, ...SERVER_FAULTS]);

/** Faults that hit nobody but the platform under test. */
export const FAULTS_ON_SHARED_SERVERS = [...FAULTS].flatMap(([name, fault]) => (fault.needsOwnServers ? [] : [name]));

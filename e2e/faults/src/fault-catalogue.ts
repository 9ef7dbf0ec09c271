import { setTimeout as sleep } from 'node:timers/promises';
import { testPostgresUrl } from '@souk/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { DATABASE_NAMES, type DatabaseName, SERVICE_NAMES, type ServiceName } from '../../src/platform.ts';
import type { FaultPlatform } from './fault-platform.ts';
import { deleteQueue, purgeQueues, setBindings } from './queues.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface FaultContext extends FaultPlatform {
  random: SeededRandom;
  /** How long the fault lasts. */
  durationMs: number;
}

export interface Fault {
  /** Injects it, lets it last, heals it. */
  run(context: FaultContext): Promise<void>;
  /** Messages are gone for good: only the newest event of each order is promised to arrive. */
  losesMessages?: boolean;
  /** A platform under this fault still answers; others may answer 503 or 504 for a while. */
  isInvisible?: boolean;
}

const DATABASES = Object.values(DATABASE_NAMES);
const CONSUMERS = ['order-service', 'payment-service', 'product-service', 'notification-service'] as const;
/** AMQP 0-9-1: a method frame's class and method; basic.ack is 60, 80, basic.deliver 60, 60. */
const BASIC_ACK = Buffer.from([0x00, 0x3c, 0x00, 0x50]);

async function killAndStart({ platform }: FaultPlatform, service: ServiceName, downMs: number): Promise<void> {
  const child = platform.childOf(service);
  child.signal('SIGKILL');
  await child.ended;
  await sleep(downMs);
  platform.startService(service);
  await platform.waitUntilReady(service);
}

const kill = (service: ServiceName): Fault => ({
  run: (context) => killAndStart(context, service, context.random.between(0, context.durationMs)),
});

const freeze = (service: ServiceName): Fault => ({
  async run({ platform, durationMs }) {
    const child = platform.childOf(service);
    child.signal('SIGSTOP');
    await sleep(durationMs);
    child.signal('SIGCONT');
  },
});

const terminate = (service: ServiceName): Fault => ({
  async run({ platform }) {
    const child = platform.childOf(service);
    const startedAt = Date.now();
    child.signal('SIGTERM');
    const code = await child.ended;
    const tookMs = Date.now() - startedAt;
    if (code !== 0 || tookMs > 25_000)
      throw new FaultNotAsExpectedError(`${service} ended with ${code} after ${tookMs} ms`);
    platform.startService(service);
    await platform.waitUntilReady(service);
  },
});

/** Something that should always work under a fault did not. */
export class FaultNotAsExpectedError extends Error {
  override readonly name = 'FaultNotAsExpectedError';
}

/** Kills a service when its n-th COMMIT passes: before the server sees it, or before the service sees that it is done. */
const killAtCommit = (service: keyof typeof DATABASE_NAMES, moment: 'before' | 'after'): Fault => ({
  async run(context) {
    const { databases, platform, random, durationMs } = context;
    const hit = new Promise<void>((resolve) => {
      databases[DATABASE_NAMES[service]].watch({
        direction: moment === 'before' ? 'to-server' : 'to-client',
        bytes: Buffer.from('COMMIT'),
        nth: random.between(1, 20),
        drop: true,
        onHit: () => {
          platform.childOf(service).signal('SIGKILL');
          resolve();
        },
      });
    });
    const hasHit = await Promise.race([hit.then(() => true), sleep(durationMs * 3, false)]);
    databases[DATABASE_NAMES[service]].heal();
    if (!hasHit) return;
    await platform.childOf(service).ended;
    platform.startService(service);
    await platform.waitUntilReady(service);
  },
});

const killAtAck = (service: ServiceName): Fault => ({
  async run(context) {
    const { broker, platform, random, durationMs } = context;
    const hit = new Promise<void>((resolve) => {
      broker.watch({
        direction: 'to-server',
        bytes: BASIC_ACK,
        nth: random.between(1, 15),
        drop: true,
        onHit: () => {
          platform.childOf(service).signal('SIGKILL');
          resolve();
        },
      });
    });
    const hasHit = await Promise.race([hit.then(() => true), sleep(durationMs * 3, false)]);
    broker.heal();
    broker.cut(); // whoever's ack was swallowed must get its messages back
    if (!hasHit) return;
    await platform.childOf(service).ended;
    platform.startService(service);
    await platform.waitUntilReady(service);
  },
});

type ProxyOf = (context: FaultContext) => FaultPlatform['broker'];

const down = (proxyOf: ProxyOf): Fault => ({
  async run(context) {
    proxyOf(context).down();
    await sleep(context.durationMs);
    proxyOf(context).heal();
  },
});

const stall = (proxyOf: ProxyOf, direction?: 'to-server' | 'to-client'): Fault => ({
  async run(context) {
    proxyOf(context).stall(direction);
    await sleep(context.durationMs);
    proxyOf(context).heal();
  },
});

const cutOften = (proxyOf: ProxyOf): Fault => ({
  async run(context) {
    const until = Date.now() + context.durationMs;
    while (Date.now() < until) {
      proxyOf(context).cut();
      await sleep(context.random.between(50, 700));
    }
  },
});

const slow = (proxyOf: ProxyOf): Fault => ({
  async run(context) {
    proxyOf(context).delay(150);
    await sleep(context.durationMs);
    proxyOf(context).heal();
  },
});

/** Ends a random backend of the services again and again, as an administrator or the out-of-memory killer would. */
const terminateBackends = (database: DatabaseName): Fault => ({
  async run({ platform, durationMs }) {
    // Only a superuser may end the sessions of others.
    const url = new URL(testPostgresUrl());
    url.pathname = new URL(platform.databaseUrl(database)).pathname;
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    const until = Date.now() + durationMs;
    while (Date.now() < until) {
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
         WHERE datname = current_database() AND usename LIKE '%_app' ORDER BY random() LIMIT 1) one`,
      );
      await sleep(100);
    }
    await client.end();
  },
});

const flushRedis: Fault = {
  async run({ share }) {
    const redis = new Redis(share.redisUrl);
    await redis.flushdb();
    redis.disconnect();
  },
};

const purge: Fault = {
  losesMessages: true,
  async run({ share, durationMs }) {
    const until = Date.now() + durationMs;
    while (Date.now() < until) {
      await purgeQueues(share);
      await sleep(20);
    }
  },
};

const removeQueue = (service: string): Fault => ({
  losesMessages: true,
  run: ({ share }) => deleteQueue(share, `${service}.events`),
});

const unbind = (service: string): Fault => ({
  async run({ share, durationMs }) {
    await setBindings(share, `${service}.events`, false);
    await sleep(durationMs);
    await setBindings(share, `${service}.events`, true);
  },
});

function named<T extends string>(kind: string, names: readonly T[], make: (name: T) => Fault): [string, Fault][] {
  return names.map((name) => [`${kind} ${name}`, make(name)]);
}

const OWNING = Object.keys(DATABASE_NAMES) as (keyof typeof DATABASE_NAMES)[];
const CALLED = ['user-service', 'product-service', 'order-service', 'payment-service'] as const;

/** Every fault by its name. */
export const FAULTS: ReadonlyMap<string, Fault> = new Map<string, Fault>([
  ...named('kill', SERVICE_NAMES, kill),
  ...named('freeze', SERVICE_NAMES, freeze),
  ...named('terminate', SERVICE_NAMES, terminate),
  ...named('kill before commit of', OWNING, (name) => killAtCommit(name, 'before')),
  ...named('kill after commit of', OWNING, (name) => killAtCommit(name, 'after')),
  ...named('kill at ack of', CONSUMERS, killAtAck),
  ['broker down', down(({ broker }) => broker)],
  ['broker stalled', stall(({ broker }) => broker)],
  ['broker deaf', stall(({ broker }) => broker, 'to-server')],
  ['broker mute', stall(({ broker }) => broker, 'to-client')],
  ['broker cut often', cutOften(({ broker }) => broker)],
  ['broker slow', slow(({ broker }) => broker)],
  ['queues purged', purge],
  ...named('queue deleted of', CONSUMERS, removeQueue),
  ...named('bindings removed of', CONSUMERS, unbind),
  ...named('database down:', DATABASES, (name) => down(({ databases }) => databases[name])),
  ...named('database stalled:', DATABASES, (name) => stall(({ databases }) => databases[name])),
  ...named('database mute:', DATABASES, (name) => stall(({ databases }) => databases[name], 'to-client')),
  ...named('database cut often:', DATABASES, (name) => cutOften(({ databases }) => databases[name])),
  ...named('backends terminated:', DATABASES, terminateBackends),
  ['redis down', down(({ keyValue }) => keyValue)],
  ['redis stalled', stall(({ keyValue }) => keyValue)],
  ['redis flushed', flushRedis],
  ['mail down', { ...down(({ mail }) => mail), isInvisible: true }],
  ['mail stalled', { ...stall(({ mail }) => mail), isInvisible: true }],
  ...named('calls refused to', CALLED, (name) => down(({ services }) => services[name])),
  ...named('calls stalled to', CALLED, (name) => stall(({ services }) => services[name])),
  ...named('calls cut often to', CALLED, (name) => cutOften(({ services }) => services[name])),
  ...named('calls slow to', CALLED, (name) => slow(({ services }) => services[name])),
]);

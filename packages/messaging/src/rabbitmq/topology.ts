import { EXCHANGE, type QueueTopology, retryQueueName } from '@souk/contracts';
import type { Channel, ChannelModel, Options } from 'amqplib';
import type { BrokerLogger } from '../log.ts';

/** After so many deliveries without a settlement the broker gives a message up: one that crashes every consumer. */
const DELIVERY_LIMIT = 100;
/** A dead-letter queue has nowhere to give up to: at its limit a message would vanish, so the limit is out of reach. */
const DELIVERY_LIMIT_UNREACHABLE = 1_000_000;
/** Jittered delays exceed the nominal one by 20 %; a message without its own expiration leaves then too. */
const RETRY_TTL_FACTOR = 1.25;

const PRECONDITION_FAILED = 406;

/** The names on the broker: everything carries the prefix, which only tests set. */
export interface Topology {
  queues: readonly QueueTopology[];
  prefix: string;
  /** The delays that need a queue of their own, each once. */
  delaysMs: readonly number[];
  exchange: string;
  /** Undefined for a dead-letter queue itself. */
  deadLetterQueueOf(queue: string): string | undefined;
}

export function createTopology(options: {
  queues: readonly QueueTopology[];
  prefix: string;
  retryDelaysMs: readonly number[];
}): Topology {
  const deadLetterQueues = new Map(options.queues.map((queue) => [queue.queue, queue.deadLetterQueue]));
  return {
    queues: options.queues,
    prefix: options.prefix,
    delaysMs: [...new Set(options.retryDelaysMs.filter((delayMs) => delayMs > 0))],
    exchange: options.prefix + EXCHANGE,
    deadLetterQueueOf: (queue) => deadLetterQueues.get(queue),
  };
}

/**
 * Declares the exchange, every queue and every binding; repeating it changes nothing. The queues of each service get a
 * channel of their own, because a refusal closes the channel, and because five at a time are declared faster.
 */
export async function declareTopology(model: ChannelModel, topology: Topology, logger: BrokerLogger): Promise<void> {
  await onChannel(model, (channel) => channel.assertExchange(topology.exchange, 'topic', { durable: true }));
  await Promise.all(topology.queues.map((queue) => declareQueues(model, queue, { topology, logger })));
}

interface DeclareContext {
  topology: Topology;
  logger: BrokerLogger;
}

async function declareQueues(model: ChannelModel, queue: QueueTopology, context: DeclareContext): Promise<void> {
  const { topology } = context;
  const name = topology.prefix + queue.queue;
  const wanted: [string, Options.AssertQueue][] = [
    [topology.prefix + queue.deadLetterQueue, quorumQueue({ 'x-delivery-limit': DELIVERY_LIMIT_UNREACHABLE })],
    [
      name,
      quorumQueue({
        'x-delivery-limit': DELIVERY_LIMIT,
        ...deadLetterTo(topology.prefix + queue.deadLetterQueue),
      }),
    ],
    ...topology.delaysMs.map((delayMs): [string, Options.AssertQueue] => [
      topology.prefix + retryQueueName(queue.queue, delayMs),
      quorumQueue({ 'x-message-ttl': Math.ceil(delayMs * RETRY_TTL_FACTOR), ...deadLetterTo(name) }),
    ]),
  ];
  try {
    await onChannel(model, async (channel) => {
      for (const [queueName, options] of wanted) await channel.assertQueue(queueName, options);
    });
  } catch (error) {
    if (!isPreconditionFailed(error)) throw error;
    // A queue of that name exists with other arguments, of an older version perhaps: use it, and say so.
    context.logger.error({ error, queue: name }, 'A queue exists with other arguments than declared');
    for (const [queueName, options] of wanted) await assertOrKeep(model, queueName, options);
  }
  await onChannel(model, async (channel) => {
    for (const type of queue.bindings) await channel.bindQueue(name, topology.exchange, type);
  });
}

async function assertOrKeep(model: ChannelModel, name: string, options: Options.AssertQueue): Promise<void> {
  try {
    await onChannel(model, (channel) => channel.assertQueue(name, options));
  } catch (error) {
    if (!isPreconditionFailed(error)) throw error;
  }
}

function quorumQueue(queueArguments: Record<string, unknown>): Options.AssertQueue {
  return { durable: true, arguments: { 'x-queue-type': 'quorum', ...queueArguments } };
}

/** At-least-once dead-lettering keeps a message until its new queue has it; it requires `reject-publish`. */
function deadLetterTo(queue: string): Record<string, unknown> {
  return {
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': queue,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
}

async function onChannel(model: ChannelModel, work: (channel: Channel) => Promise<unknown>): Promise<void> {
  const channel = await model.createChannel();
  // The failure itself reaches the caller through the call that was refused.
  channel.on('error', () => {});
  await work(channel);
  await channel.close();
}

function isPreconditionFailed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === PRECONDITION_FAILED;
}

import assert from 'node:assert';
import { QUEUES, type QueueTopology } from '@souk/contracts';
import type { Broker, ConsumeOptions, Consumption, OutgoingMessage, PublishOutcome } from '../broker.ts';
import { type BrokerMetrics, createBrokerMetrics, type MetricsFactory } from '../broker-metrics.ts';
import type { BrokerLogger } from '../log.ts';
import { outcomesWithin, PUBLISH_TIMEOUT_MS_DEFAULT } from '../outcomes.ts';
import { within } from '../within.ts';
import { startInProcessConsumption } from './in-process-consumption.ts';
import { createMemoryQueue, type MemoryQueue } from './memory-queue.ts';
import { createTimers } from './timers.ts';

export interface InProcessBrokerOptions {
  /** Default: the platform's topology. */
  queues?: readonly QueueTopology[] | undefined;
  /** The wait before attempts 1, 2, …; after the last the message becomes a dead letter. */
  retryDelaysMs: readonly number[];
  logger?: BrokerLogger | undefined;
  metrics?: MetricsFactory | undefined;
  random?: (() => number) | undefined;
}

/** A close waits so long for running batches, then gives up on them. */
const CLOSE_TIMEOUT_MS = 5_000;

interface Queues {
  byName: Map<string, MemoryQueue>;
  byType: Map<string, MemoryQueue[]>;
  deadLettersOf: Map<MemoryQueue, MemoryQueue>;
}

/**
 * The broker of a platform that runs in one process. Nothing in it survives a crash, therefore a publish is `confirmed`
 * only when the consumers of every bound queue have acknowledged (or a dead letter was taken): until then the outbox
 * keeps the event and publishes it again. A queue without a consumer holds its messages; a message that is published
 * again while it is in flight joins itself.
 */
export function createInProcessBroker(options: InProcessBrokerOptions): Broker {
  const queues = createQueues(options.queues ?? QUEUES);
  const metrics = createBrokerMetrics(options.metrics);
  const timers = createTimers();
  const consumptions = new Set<Consumption>();
  const publish = createPublisher(queues);
  let closed = false;

  function consume(consumeOptions: ConsumeOptions): Consumption {
    const queue = queueNamed(queues, consumeOptions.queue);
    const route = {
      queue,
      deadLetterQueue: queues.deadLettersOf.get(queue),
      retryDelaysMs: options.retryDelaysMs,
      timers,
      metrics,
      random: options.random ?? Math.random,
    };
    const consumption = startInProcessConsumption(consumeOptions, { route, logger: options.logger });
    consumptions.add(consumption);
    return consumption;
  }

  return {
    async publish(messages, { timeoutMs = PUBLISH_TIMEOUT_MS_DEFAULT } = {}) {
      if (closed) return messages.map(() => 'failed');
      return counted(metrics, await outcomesWithin(messages.map(publish), timeoutMs));
    },
    async sendToQueue(queueName, messages, { timeoutMs = PUBLISH_TIMEOUT_MS_DEFAULT } = {}) {
      const queue = queueNamed(queues, queueName);
      if (closed) return messages.map(() => 'failed');
      // A dead letter that is being taken must not swallow its own redrive.
      const pending = messages.map((message) => queue.offer(message, { joinDead: false }));
      return counted(metrics, await outcomesWithin(pending, timeoutMs));
    },
    async consume(consumeOptions) {
      assert(!closed, 'the broker is closed');
      return consume(consumeOptions);
    },
    isReady: () => !closed,
    // It is ready from the start and stays so: there is nothing to tell.
    onReady: () => () => {},
    async close() {
      closed = true;
      await within(Promise.all([...consumptions].map((consumption) => consumption.stop())), CLOSE_TIMEOUT_MS);
      consumptions.clear();
      timers.clear();
      for (const queue of queues.byName.values()) queue.clear();
    },
  };
}

function createQueues(topology: readonly QueueTopology[]): Queues {
  const queues: Queues = { byName: new Map(), byType: new Map(), deadLettersOf: new Map() };
  for (const { queue: name, deadLetterQueue, bindings } of topology) {
    const queue = createMemoryQueue(name);
    const deadLetters = createMemoryQueue(deadLetterQueue);
    queues.byName.set(name, queue).set(deadLetterQueue, deadLetters);
    queues.deadLettersOf.set(queue, deadLetters);
    for (const type of bindings) queues.byType.set(type, [...(queues.byType.get(type) ?? []), queue]);
  }
  return queues;
}

function queueNamed(queues: Queues, name: string): MemoryQueue {
  const queue = queues.byName.get(name);
  assert(queue, `unknown queue ${name}`);
  return queue;
}

/** One publication is open per message id: the same document published again joins it instead of reaching a queue that is done with it. */
function createPublisher(queues: Queues): (message: OutgoingMessage) => PublishOutcome | Promise<PublishOutcome> {
  const open = new Map<string, { body: Buffer; outcome: Promise<PublishOutcome> }>();
  return (message) => {
    const bound = queues.byType.get(message.type) ?? [];
    if (bound.length === 0) return message.mandatory ? 'returned' : 'confirmed';
    const known = open.get(message.id);
    if (known?.body.equals(message.body)) return known.outcome;
    const outcome = Promise.all(bound.map((queue) => queue.offer(message, { joinDead: true }))).then(
      (outcomes): PublishOutcome => (outcomes.every((one) => one === 'confirmed') ? 'confirmed' : 'failed'),
    );
    const publication = { body: message.body, outcome };
    open.set(message.id, publication);
    void outcome.then(() => {
      if (open.get(message.id) === publication) open.delete(message.id);
    });
    return outcome;
  };
}

function counted(metrics: BrokerMetrics, outcomes: PublishOutcome[]): PublishOutcome[] {
  for (const outcome of ['confirmed', 'returned', 'failed'] as const) {
    const count = outcomes.reduce((sum, one) => sum + (one === outcome ? 1 : 0), 0);
    if (count > 0) metrics.published(outcome, count);
  }
  return outcomes;
}

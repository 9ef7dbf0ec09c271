import { EVENT_CONTENT_TYPE } from '@souk/contracts';
import { GIVE_BACK_PAUSE_MS } from '../batch-pause.ts';
import { ATTEMPT_HEADER, DEAD_LETTER_REASON_HEADER, type Delivery } from '../broker.ts';
import type { BrokerMetrics } from '../broker-metrics.ts';
import { jitteredDelayMs, nextDelayMs } from '../retry-ladder.ts';
import type { Entry, MemoryQueue } from './memory-queue.ts';
import type { Timers } from './timers.ts';

/** Where a delivery comes from and where it may go. */
export interface DeliveryRoute {
  queue: MemoryQueue;
  /** Undefined on a dead-letter queue itself. */
  deadLetterQueue: MemoryQueue | undefined;
  retryDelaysMs: readonly number[];
  timers: Timers;
  metrics: BrokerMetrics;
  random: () => number;
}

/** Hands `entry` out; `onSettled` frees its place in the prefetch window. */
export function createInProcessDelivery(entry: Entry, route: DeliveryRoute, onSettled: () => void): Delivery {
  const { queue, deadLetterQueue, timers, metrics } = route;
  let settled = false;

  /** Runs `how` unless the delivery was settled before: the first verb decides. */
  function settle(how: () => void): void {
    if (settled) return;
    settled = true;
    how();
    onSettled();
  }

  function giveUp(reason: string): void {
    if (deadLetterQueue === undefined) {
      timers.after(GIVE_BACK_PAUSE_MS, () => queue.release(entry));
      return;
    }
    metrics.deadLettered(queue.name);
    entry.dead = true;
    const headers = { ...entry.headers, [ATTEMPT_HEADER]: entry.attempt, [DEAD_LETTER_REASON_HEADER]: reason };
    void deadLetterQueue.push(entry.message, headers, entry.attempt).then((outcome) => queue.remove(entry, outcome));
  }

  function climb(reason: string): void {
    const delayMs = nextDelayMs(route.retryDelaysMs, entry.attempt);
    if (delayMs === undefined || deadLetterQueue === undefined) {
      giveUp(reason);
      return;
    }
    metrics.retried(queue.name);
    timers.after(jitteredDelayMs(delayMs, route.random), () => {
      entry.attempt += 1;
      entry.headers = { ...entry.headers, [ATTEMPT_HEADER]: entry.attempt };
      queue.requeue(entry);
    });
  }

  const { message } = entry;
  const traceparent = message.traceparent === undefined ? {} : { traceparent: message.traceparent };
  return {
    id: message.id,
    type: message.type,
    contentType: EVENT_CONTENT_TYPE,
    body: message.body,
    headers: { ...traceparent, ...entry.headers },
    correlationId: message.correlationId,
    attempt: entry.attempt,
    redelivered: entry.redelivered,
    ack: () => settle(() => queue.remove(entry, 'confirmed')),
    release: () => settle(() => queue.release(entry)),
    retry: async (reason) => settle(() => climb(reason)),
    deadLetter: async (reason) => settle(() => giveUp(reason)),
  };
}

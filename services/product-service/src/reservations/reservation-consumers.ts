import type { SoukEvent } from '@souk/contracts';
import { type EventHandlers, UnprocessableEventError } from '@souk/outbox';
import type { PoolClient } from '@souk/service-runtime';
import type { EndedReservation, WantedEnding } from './reservation-repository.ts';
import { type StockAlarm, settleReservations } from './settle-reservations.ts';

export interface ReservationConsumerDependencies {
  now: () => Date;
  alarm: StockAlarm;
}

/**
 * A completed order has no stock to sell. Tried again, because an event that was overtaken by its order's cancellation is
 * recognized once that arrives; else it becomes a dead letter.
 */
export class CommitWithoutStockError extends Error {
  override readonly name = 'CommitWithoutStockError';
}

export interface ReservationConsumer {
  /** The types that are understood. */
  handlers: EventHandlers;
  onNewEvents(tx: PoolClient, events: readonly SoukEvent[]): Promise<void>;
}

/**
 * Policies: when an order is completed, then commit its reservation; when it is cancelled, then release it, or restock
 * what was sold. One statement for a whole batch, so that its rows are locked in one sequence (20 at a time: 2,500 orders
 * a second where single statements do 600).
 */
export function createReservationConsumer(deps: ReservationConsumerDependencies): ReservationConsumer {
  async function onNewEvents(tx: PoolClient, events: readonly SoukEvent[]): Promise<void> {
    const { refused } = await settleReservations(tx, wantedEndings(events), deps.now());
    const [first] = refused;
    if (first === undefined) return;
    // A batch is tried again message by message: only the one that is alone in its batch is at fault.
    if (events.length === 1) deps.alarm.raise(refused);
    const reason = `expected an active reservation of order ${first.orderId}, found ${first.was ?? 'none'}`;
    throw events.length === 1 && isHopeless(first)
      ? new UnprocessableEventError(reason)
      : new CommitWithoutStockError(reason);
  }
  return {
    onNewEvents,
    handlers: {
      'order.completed': (tx, batch) => onNewEvents(tx, batch),
      'order.cancelled': (tx, batch) => onNewEvents(tx, batch),
    },
  };
}

function isHopeless({ was }: EndedReservation): boolean {
  return was === undefined;
}

/** The newest event of an order says it all: a cancellation in the same batch makes the completion unnecessary. */
export function wantedEndings(events: readonly SoukEvent[]): WantedEnding[] {
  const newest = new Map<string, WantedEnding>();
  for (const event of events) {
    if (event.type !== 'order.completed' && event.type !== 'order.cancelled') continue;
    const { orderId } = event.data;
    const sequence = event.sequence === undefined ? undefined : Number(event.sequence);
    const known = newest.get(orderId);
    if (known !== undefined && (known.sequence ?? 0) >= (sequence ?? 0)) continue;
    newest.set(orderId, { orderId, sequence, ending: event.type === 'order.completed' ? 'commit' : 'release' });
  }
  return [...newest.values()];
}

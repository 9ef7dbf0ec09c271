import type { Logger, Metrics, Queryable } from '@souk/service-runtime';
import { decideEnd } from './reservation.ts';
import { type EndedReservation, endReservations, type WantedEnding } from './reservation-repository.ts';

export interface StockAlarm {
  /** Counts and logs commits that found no stock: somebody else may have it by now, and a person must look. */
  raise(refused: readonly EndedReservation[]): void;
}

export function createStockAlarm(metrics: Metrics, logger: Logger): StockAlarm {
  const refusedCommits = metrics.counter(
    'souk_stock_commits_refused_total',
    'Attempts to commit a reservation that was not active: a completed order without stock',
  );
  return {
    raise(refused) {
      if (refused.length === 0) return;
      refusedCommits.inc(refused.length);
      for (const { orderId, was } of refused) {
        logger.error({ orderId, reservationStatus: was ?? 'unknown' }, 'A completed order has no active reservation');
      }
    },
  };
}

export interface Settlement {
  ended: EndedReservation[];
  /** Commits that found nothing to sell. */
  refused: EndedReservation[];
}

/** Ends the reservations of many orders, each as its order was decided; what has ended already stays as it is. */
export async function settleReservations(
  db: Queryable,
  wanted: readonly WantedEnding[],
  now: Date,
): Promise<Settlement> {
  const ended = await endReservations(db, wanted, now);
  const refused = ended.filter(({ was, ending, stale }) => !stale && decideEnd(was, ending).kind === 'refused');
  return { ended, refused };
}

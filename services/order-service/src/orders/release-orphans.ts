import type { Queryable } from '@souk/service-runtime';
import type { OrderDependencies } from './order-dependencies.ts';

const ORPHANS_PER_RUN = 100;
/** A run that dies in the middle leaves its claim for so long. */
const RETRY_AFTER_MS = 5_000;
/** So many failures in a row are an outage of product-service, no fault of these reservations. */
const FAILURES_IN_A_ROW_MAX = 5;

/** Notes a reservation without an order; the sweep releases it, because no call belongs into a transaction. */
export async function addOrphan(tx: Queryable, orderId: string, now: Date): Promise<void> {
  await addOrphans(tx, [orderId], now);
}

export async function addOrphans(tx: Queryable, orderIds: readonly string[], now: Date): Promise<void> {
  if (orderIds.length === 0) return;
  await tx.query(
    `INSERT INTO orphaned_reservations (order_id, release_after, found_at)
     SELECT id, $2, $2 FROM unnest($1::uuid[]) AS id ON CONFLICT (order_id) DO NOTHING`,
    [orderIds, now],
  );
}

/**
 * Releases by DELETE what no order stands behind: no key holds these ids any more, so no order will. One that cannot be
 * released does not keep those behind it from their turn.
 */
export async function releaseOrphans(deps: OrderDependencies, signal: AbortSignal): Promise<void> {
  let failure: unknown;
  let failuresInARow = 0;
  for (const orderId of await claim(deps)) {
    if (signal.aborted || failuresInARow >= FAILURES_IN_A_ROW_MAX) break;
    try {
      await deps.stock.release(orderId);
      await deps.pool.query('DELETE FROM orphaned_reservations WHERE order_id = $1', [orderId]);
      deps.logger.info({ orderId }, 'Released a reservation without an order');
      failuresInARow = 0;
    } catch (error) {
      failure = error;
      failuresInARow += 1;
    }
  }
  if (failure !== undefined) throw failure;
}

async function claim(deps: OrderDependencies): Promise<string[]> {
  const now = deps.clock.now();
  const { rows } = await deps.pool.query<{ order_id: string }>(
    `UPDATE orphaned_reservations SET release_after = $2
     WHERE order_id IN (SELECT order_id FROM orphaned_reservations WHERE release_after <= $1
       ORDER BY release_after LIMIT ${ORPHANS_PER_RUN} FOR UPDATE SKIP LOCKED)
     RETURNING order_id`,
    [now, new Date(now.getTime() + RETRY_AFTER_MS)],
  );
  return rows.map((row) => row.order_id);
}

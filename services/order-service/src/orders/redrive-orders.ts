import { republishLast } from '@souk/outbox';
import { transaction } from '@souk/service-runtime';
import type { OrderDependencies } from './order-dependencies.ts';
import type { OrderEventType } from './order-events.ts';

const ORDERS_PER_TRANSACTION = 100;

/** What the saga waits for after these; `order.updated` and deliveries have no consumer that could act. */
const SAGA_EVENTS: readonly OrderEventType[] = ['order.created', 'order.completed', 'order.cancelled'];

/** Policy: when an unsettled order made no progress for a while then its last event is published again. */
export async function redriveOrders(deps: OrderDependencies, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { orderIds, redriven } = await transaction(deps.pool, async (tx) => {
      const now = deps.clock.now();
      const { rows } = await tx.query<{ id: string }>(
        `UPDATE orders SET redrive_after = $2
         WHERE id IN (SELECT id FROM orders WHERE redrive_after <= $1
           ORDER BY redrive_after LIMIT ${ORDERS_PER_TRANSACTION} FOR NO KEY UPDATE SKIP LOCKED)
         RETURNING id`,
        [now, new Date(now.getTime() + deps.timings.sagaRedriveAfterMs)],
      );
      const orderIds = rows.map((row) => row.id);
      return { orderIds, redriven: await republishLast(tx, orderIds, SAGA_EVENTS) };
    });
    if (redriven > 0) {
      deps.metrics.redriven(redriven);
      deps.logger.warn({ orders: redriven, first: orderIds[0] }, 'Published the last event of unsettled orders again');
      deps.committed([]);
    }
    if (orderIds.length < ORDERS_PER_TRANSACTION) return;
  }
}

/** The figures of the saga for the metrics page; both are counted on partial indexes. */
export async function countOpenOrders(deps: OrderDependencies): Promise<void> {
  const { rows } = await deps.pool.query<{ pending: number; unsettled: number }>(
    `SELECT (SELECT count(*) FROM orders WHERE status = 'pending')::integer AS pending,
       (SELECT count(*) FROM orders WHERE redrive_after IS NOT NULL)::integer AS unsettled`,
  );
  if (rows[0]) deps.metrics.counted(rows[0]);
}

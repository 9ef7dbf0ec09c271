import { type OrderStatus, SETTLED_PAYMENT_STATUSES, stockOutcomesOf } from './order.ts';
import type { OrderDependencies } from './order-dependencies.ts';

/** One call to product-service settles so many orders. */
const ORDERS_PER_CALL = 100;
/** A claimed order is asked about again after this: the lease of a run that died. */
const CLAIM_MS = 5_000;
/** An outcome that does not fit is an alarm for people; asking more often would not change it. */
const ALARM_PAUSE_MS = 60_000;

/** So many failures in a row are an outage of product-service, no fault of these orders. */
const FAILURES_IN_A_ROW_MAX = 5;

interface Claimed {
  id: string;
  status: OrderStatus;
}

/** Policy: when an order has ended then its stock must have ended likewise; asks over REST until that is confirmed. */
export async function settleStock(deps: OrderDependencies, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const claimed = await claim(deps);
    if (claimed.length === 0) return;
    await settleInHalves(deps, claimed, signal);
    if (claimed.length < ORDERS_PER_CALL) return;
  }
}

/**
 * All in one call, and where it fails in halves: product-service settles a call's orders together or not at all, and one
 * order that it cannot settle would keep those claimed with it open for ever.
 */
async function settleInHalves(deps: OrderDependencies, claimed: Claimed[], signal: AbortSignal): Promise<void> {
  const waiting = [claimed];
  let failure: unknown;
  let failuresInARow = 0;
  for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
    try {
      await settleTogether(deps, batch);
      failuresInARow = 0;
    } catch (error) {
      failure = error;
      failuresInARow += 1;
      const half = Math.ceil(batch.length / 2);
      if (half < batch.length) waiting.push(batch.slice(0, half), batch.slice(half));
    }
    if (signal.aborted || failuresInARow >= FAILURES_IN_A_ROW_MAX) break;
  }
  if (failure !== undefined) throw failure;
}

async function settleTogether(deps: OrderDependencies, batch: readonly Claimed[]): Promise<void> {
  const wish = {
    commit: batch.filter((order) => order.status === 'completed').map((order) => order.id),
    release: batch.filter((order) => order.status === 'cancelled').map((order) => order.id),
  };
  const outcomes = new Map((await deps.stock.settle(wish)).map(({ orderId, status }) => [orderId, status]));
  await confirm(deps, batch, outcomes);
}

async function claim(deps: OrderDependencies): Promise<Claimed[]> {
  const now = deps.clock.now();
  const { rows } = await deps.pool.query<Claimed>(
    `UPDATE orders SET stock_settle_after = $2
     WHERE id IN (SELECT id FROM orders WHERE stock_settle_after <= $1
       ORDER BY stock_settle_after LIMIT ${ORDERS_PER_CALL} FOR NO KEY UPDATE SKIP LOCKED)
     RETURNING id, status`,
    [now, new Date(now.getTime() + CLAIM_MS)],
  );
  return rows;
}

async function confirm(
  deps: OrderDependencies,
  claimed: readonly Claimed[],
  outcomes: ReadonlyMap<string, string>,
): Promise<void> {
  const fitting = claimed.filter((order) => stockOutcomesOf(order.status).includes(outcomes.get(order.id) ?? ''));
  const misfits = claimed.filter((order) => !fitting.includes(order));
  // An order that was cancelled meanwhile has a new outcome to wait for: the status tells. Whether the payment is settled is
  // asked of the row as it is now: its event may have come while product-service was asked, and nobody looks again later.
  await deps.pool.query(
    `UPDATE orders o SET stock_outcome = s.outcome, stock_settle_after = NULL,
       redrive_after = CASE WHEN $4::jsonb -> o.status ? o.payment_status THEN NULL ELSE o.redrive_after END
     FROM unnest($1::uuid[], $2::text[], $3::text[]) AS s(id, status, outcome)
     WHERE o.id = s.id AND o.status = s.status`,
    [
      fitting.map((order) => order.id),
      fitting.map((order) => order.status),
      fitting.map((order) => outcomes.get(order.id)),
      JSON.stringify(SETTLED_PAYMENT_STATUSES),
    ],
  );
  if (misfits.length > 0) await alarm(deps, misfits, outcomes);
}

/** Only where the order still stands as it was claimed: one that was cancelled meanwhile is asked about again. */
async function alarm(
  deps: OrderDependencies,
  misfits: readonly Claimed[],
  outcomes: ReadonlyMap<string, string>,
): Promise<void> {
  const { rows } = await deps.pool.query<{ id: string; status: OrderStatus }>(
    `UPDATE orders o SET stock_settle_after = $3 FROM unnest($1::uuid[], $2::text[]) AS s(id, status)
     WHERE o.id = s.id AND o.status = s.status AND o.stock_settle_after IS NOT NULL
     RETURNING o.id, o.status`,
    [
      misfits.map((order) => order.id),
      misfits.map((order) => order.status),
      new Date(deps.clock.now().getTime() + ALARM_PAUSE_MS),
    ],
  );
  for (const { id: orderId, status } of rows) {
    deps.metrics.stockAlarm();
    const stock = outcomes.get(orderId) ?? 'unknown';
    deps.logger.error({ orderId, status, stock }, 'Found stock that ended otherwise');
  }
}

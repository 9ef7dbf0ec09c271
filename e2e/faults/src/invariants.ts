import { EVENTS, type EventType } from '@souk/contracts';
import { type Platform, readStock, type Stock, select } from '../../src/index.ts';
import { DATABASE_NAMES, type DatabaseName } from '../../src/platform.ts';
import type { Operation } from './history.ts';
import { checkHistory } from './history-check.ts';
import { checkLedger, type ProviderEntry } from './provider-books.ts';

export interface CheckOptions {
  platform: Platform;
  /** Before the first order. */
  stockBefore: ReadonlyMap<string, Stock>;
  /** Messages were taken away on purpose until then: of those before only the newest of each order has to arrive. */
  messagesLostUntil?: Date | undefined;
  /** Dead letters that the test itself has sent. */
  deadLettersExpected?: number;
  orders?: readonly Operation[];
  /** Of another provider than the sandbox, which keeps its own beside ours. */
  providerBooks?: () => ReadonlyMap<string, ProviderEntry>;
}

const DATABASES = Object.entries(DATABASE_NAMES) as [string, DatabaseName][];

type Row = Record<string, unknown>;

/** Everything that does not hold, one sentence each; none when all is well. To be asked when nothing is under way. */
export async function checkInvariants(options: CheckOptions): Promise<string[]> {
  const checks = [
    checkStock,
    checkOrders,
    checkMoney,
    checkLedger,
    checkVersions,
    checkMessages,
    checkDatabases,
    checkHistory,
  ];
  return (await Promise.all(checks.map((check) => check(options)))).flat();
}

/** What must hold at every moment, also in the middle of a fault. */
export async function checkAlways(platform: Platform): Promise<string[]> {
  const rows = await select<Row>(
    platform,
    'products',
    'SELECT product_id FROM inventory WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand',
  );
  return rows.map((row) => `stock of ${row.product_id} is negative or over-reserved`);
}

async function checkStock({ platform, stockBefore }: CheckOptions): Promise<string[]> {
  const [stock, moved] = await Promise.all([
    readStock(platform),
    select<{ product_id: string; committed: number; active: number }>(
      platform,
      'products',
      `SELECT i.product_id, coalesce(sum(i.quantity) FILTER (WHERE r.status = 'committed'), 0)::int AS committed,
         coalesce(sum(i.quantity) FILTER (WHERE r.status = 'active'), 0)::int AS active
       FROM reservation_items i JOIN reservations r USING (order_id) GROUP BY i.product_id`,
    ),
  ]);
  const movedOf = new Map(moved.map((row) => [row.product_id, row]));
  const problems = await checkAlways(platform);
  for (const [productId, { onHand, reserved }] of stock) {
    const { committed = 0, active = 0 } = movedOf.get(productId) ?? {};
    const before = stockBefore.get(productId)?.onHand;
    if (before !== undefined && onHand !== before - committed) {
      problems.push(`product ${productId}: ${before} - ${committed} sold is not ${onHand} on hand`);
    }
    if (reserved !== active)
      problems.push(`product ${productId}: ${reserved} reserved, ${active} in active reservations`);
  }
  return problems;
}

interface OrderRow {
  id: string;
  status: string;
  payment_status: string;
  total: string;
  lines_total: string;
  stock_outcome: string | null;
  payment_method: string | null;
  expired: boolean;
  redriven: boolean;
}

const ORDERS_SQL = `SELECT o.id, o.status, o.payment_status, o.total_amount::text AS total, o.stock_outcome, o.payment_method,
  o.reservation_expires_at < now() AS expired, o.redrive_after IS NOT NULL AS redriven,
  (SELECT coalesce(sum(l.line_total_amount), 0)::text FROM order_lines l WHERE l.order_id = o.id) AS lines_total FROM orders o`;

async function checkOrders({ platform }: CheckOptions): Promise<string[]> {
  const [orders, reservations] = await Promise.all([
    select<OrderRow>(platform, 'orders', ORDERS_SQL),
    select<{ order_id: string; status: string }>(platform, 'products', 'SELECT order_id, status FROM reservations'),
  ]);
  const reservationOf = new Map(reservations.map((row) => [row.order_id, row.status]));
  const problems = orders.flatMap((order) => orderProblems(order, reservationOf.get(order.id)));
  const known = new Set(orders.map(({ id }) => id));
  for (const { order_id, status } of reservations) {
    if (!known.has(order_id) && status === 'committed')
      problems.push(`reservation ${order_id} is committed without an order`);
  }
  return problems;
}

const SETTLED: Record<string, readonly string[]> = {
  completed: ['captured', 'partially_refunded', 'refunded'],
  cancelled: ['failed', 'voided', 'refunded'],
};

function orderProblems(order: OrderRow, reservation: string | undefined): string[] {
  const name = `order ${order.id} (${order.status}, ${order.payment_status})`;
  const problems: string[] = [];
  if (order.total !== order.lines_total)
    problems.push(`${name} has total ${order.total}, lines of ${order.lines_total}`);
  if (order.status === 'pending') {
    // It may wait for a payment method until its reservation expires.
    if (order.payment_method !== null || order.expired) problems.push(`${name} is not decided`);
    else if (reservation !== 'active') problems.push(`${name} waits with a ${reservation} reservation`);
    return problems;
  }
  if (!SETTLED[order.status]?.includes(order.payment_status)) problems.push(`${name} is not settled`);
  if (order.redriven) problems.push(`${name} is still redriven`);
  if (order.stock_outcome === null) problems.push(`${name} has no stock outcome`);
  if (order.stock_outcome !== null && order.stock_outcome !== reservation) {
    problems.push(`${name} is ${order.stock_outcome} with a ${reservation} reservation`);
  }
  return problems;
}

async function checkMoney({ platform }: CheckOptions): Promise<string[]> {
  const [orders, payments, refunds] = await Promise.all([
    select<OrderRow>(platform, 'orders', ORDERS_SQL),
    select<{ order_id: string; status: string; captured: string; refunded: string }>(
      platform,
      'payments',
      'SELECT order_id, status, captured::text, refunded::text FROM payments',
    ),
    select<{ order_id: string; amount: string; status: string; origin: string }>(
      platform,
      'payments',
      'SELECT p.order_id, r.amount::text, r.status, r.origin FROM refunds r JOIN payments p ON p.id = r.payment_id',
    ),
  ]);
  const paymentOf = new Map(payments.map((row) => [row.order_id, row]));
  const problems: string[] = [];
  for (const { id, status, total } of orders) {
    const payment = paymentOf.get(id);
    if (payment === undefined) {
      problems.push(`order ${id} has no payment`);
      continue;
    }
    const kept = Number(payment.captured) - Number(payment.refunded);
    const byAdmin = refunds
      .filter((row) => row.order_id === id && row.origin === 'admin' && row.status === 'succeeded')
      .reduce((sum, row) => sum + Number(row.amount), 0);
    if (status === 'completed' && kept + byAdmin !== Number(total)) {
      problems.push(`completed order ${id} of ${total} kept ${kept}, ${byAdmin} refunded by an administrator`);
    }
    if (status === 'cancelled' && kept !== 0) problems.push(`cancelled order ${id} kept ${kept}`);
    if (status !== 'pending' && payment.status === 'pending')
      problems.push(`payment of ${status} order ${id} is pending`);
  }
  const known = new Set(orders.map(({ id }) => id));
  for (const { order_id } of payments) if (!known.has(order_id)) problems.push(`payment of unknown order ${order_id}`);
  for (const refund of refunds)
    if (refund.status === 'pending') problems.push(`refund of ${refund.order_id} is pending`);
  return problems;
}

/** One version of an order, one history row, one event, and only allowed changes between them. */
async function checkVersions({ platform }: CheckOptions): Promise<string[]> {
  const rows = await select<{ problem: string }>(
    platform,
    'orders',
    `SELECT format('order %s version %s has %s', coalesce(h.order_id, b.aggregate_id), coalesce(h.version, b.sequence),
         CASE WHEN b.id IS NULL THEN 'no event' ELSE 'an event only' END) AS problem
       FROM order_history h
       FULL JOIN (SELECT * FROM outbox WHERE type LIKE 'order.%') b ON b.aggregate_id = h.order_id AND b.sequence = h.version
       WHERE h.order_id IS NULL OR b.id IS NULL
     UNION ALL
     SELECT format('order %s has version %s and history up to %s (%s rows)', o.id, o.version, max(h.version), count(*))
       FROM orders o JOIN order_history h ON h.order_id = o.id GROUP BY o.id
       HAVING o.version <> max(h.version) OR count(*) <> o.version
     UNION ALL
     SELECT format('order %s went from %s to %s', order_id, before, status) FROM (
       SELECT order_id, status, lag(status) OVER (PARTITION BY order_id ORDER BY version) AS before FROM order_history) steps
       WHERE before <> status AND (before, status) NOT IN (('pending', 'completed'), ('pending', 'cancelled'), ('completed', 'cancelled'))
     UNION ALL
     SELECT format('order %s was cancelled after it was %s', order_id, fulfillment) FROM (
       SELECT order_id, status, lag(fulfillment_status) OVER (PARTITION BY order_id ORDER BY version) AS fulfillment FROM order_history) steps
       WHERE status = 'cancelled' AND fulfillment <> 'unfulfilled'`,
  );
  return rows.map(({ problem }) => problem);
}

/** Nothing unpublished, nothing lost on the way, nothing in the dead letters that nobody put there. */
async function checkMessages({
  platform,
  messagesLostUntil = new Date(0),
  deadLettersExpected = 0,
}: CheckOptions): Promise<string[]> {
  const problems: string[] = [];
  const received = new Map<string, Set<string>>();
  let deadLetters = 0;
  for (const [service, database] of DATABASES) {
    const inbox = await select<{ message_id: string }>(platform, database, 'SELECT message_id::text FROM inbox');
    const dead = await select<{ message_id: string; reason: string }>(
      platform,
      database,
      'SELECT message_id, reason FROM dead_letters',
    );
    received.set(service, new Set([...inbox, ...dead].map((row) => row.message_id)));
    deadLetters += dead.length;
    if (deadLettersExpected === 0)
      problems.push(...dead.map(({ reason }) => `${service} has a dead letter: ${reason}`));
  }
  if (deadLetters !== deadLettersExpected && deadLettersExpected > 0) {
    problems.push(`${deadLetters} dead letters, expected ${deadLettersExpected}`);
  }
  for (const [service, database] of DATABASES) {
    const rows = await select<{ id: string; type: EventType; published: boolean; newest: boolean; created_at: Date }>(
      platform,
      database,
      `SELECT id::text, type, created_at, published_at IS NOT NULL AS published,
         position = max(position) OVER (PARTITION BY aggregate_id) AS newest FROM outbox`,
    );
    for (const { id, type, published, newest, created_at } of rows) {
      if (!published) problems.push(`${service}: ${type} ${id} is not published`);
      const mayBeLost = created_at <= messagesLostUntil;
      if (mayBeLost && !newest) continue;
      for (const consumer of EVENTS[type].consumers) {
        if (mayBeLost && consumer === 'notification-service') continue;
        if (!received.get(consumer)?.has(id)) problems.push(`${type} ${id} of ${service} did not reach ${consumer}`);
      }
    }
  }
  return problems;
}

async function checkDatabases({ platform }: CheckOptions): Promise<string[]> {
  const found = await Promise.all(
    DATABASES.map(([, database]) =>
      select<{ problem: string }>(
        platform,
        database,
        `SELECT format('%s: idle in transaction since %s', datname, state_change) AS problem FROM pg_stat_activity
           WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND state_change < now() - interval '5 s'
         UNION ALL
         SELECT format('advisory lock %s', objid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
           WHERE d.datname = current_database() AND locktype = 'advisory'`,
      ),
    ),
  );
  return found.flat().map(({ problem }) => problem);
}

import { DATABASE_NAMES, type DatabaseUrls } from '@souk/operations';
import pg from 'pg';
import type { DatabaseName, Platform } from './platform.ts';

/** The databases of a platform, as reconcile takes them. */
export function databaseUrlsOf(platform: Platform): DatabaseUrls {
  return Object.fromEntries(
    DATABASE_NAMES.map((name) => [name, platform.databaseUrl(name)]),
  ) as unknown as DatabaseUrls;
}

/** Runs a query on a database of the platform. */
export async function select<T extends pg.QueryResultRow>(
  platform: Platform,
  database: DatabaseName,
  sql: string,
): Promise<T[]> {
  const client = new pg.Client({ connectionString: platform.databaseUrl(database), application_name: 'souk e2e' });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

export interface Stock {
  onHand: number;
  reserved: number;
}

/** Stock by product id. */
export async function readStock(platform: Platform): Promise<Map<string, Stock>> {
  const rows = await select<{ product_id: string; on_hand: number; reserved: number }>(
    platform,
    'products',
    'SELECT product_id, on_hand, reserved FROM inventory',
  );
  return new Map(rows.map((row) => [row.product_id, { onHand: row.on_hand, reserved: row.reserved }]));
}

interface OrderRow {
  id: string;
  status: string;
  payment_status: string;
  total_amount: string;
}

/**
 * What does not add up, one sentence each; none when all is well. `before` is the stock before any of the orders was
 * placed. To be asked when nothing is under way any more.
 */
export async function findDiscrepancies(platform: Platform, before: Map<string, Stock>): Promise<string[]> {
  const [orders, lines, reservations, payments, stock] = await Promise.all([
    select<OrderRow>(platform, 'orders', 'SELECT id, status, payment_status, total_amount FROM orders'),
    select<{ order_id: string; product_id: string; quantity: number }>(
      platform,
      'orders',
      'SELECT order_id, product_id, quantity FROM order_lines',
    ),
    select<{ order_id: string; status: string }>(platform, 'products', 'SELECT order_id, status FROM reservations'),
    select<{ order_id: string; captured: string; refunded: string }>(
      platform,
      'payments',
      'SELECT order_id, captured, refunded FROM payments',
    ),
    readStock(platform),
  ]);
  const reservationOf = new Map(reservations.map((row) => [row.order_id, row.status]));
  const paymentOf = new Map(payments.map((row) => [row.order_id, row]));
  const sold = new Map<string, number>();
  const problems: string[] = [];
  for (const order of orders) {
    problems.push(...orderProblems(order, reservationOf.get(order.id), paymentOf.get(order.id)));
    if (order.status !== 'completed') continue;
    for (const line of lines.filter((each) => each.order_id === order.id)) {
      sold.set(line.product_id, (sold.get(line.product_id) ?? 0) + line.quantity);
    }
  }
  for (const [productId, { onHand, reserved }] of stock) {
    const expected = (before.get(productId)?.onHand ?? 0) - (sold.get(productId) ?? 0);
    if (onHand !== expected) problems.push(`product ${productId}: ${onHand} on hand, expected ${expected}`);
    if (reserved !== 0) problems.push(`product ${productId}: ${reserved} still reserved`);
  }
  return problems;
}

function orderProblems(
  order: OrderRow,
  reservation: string | undefined,
  payment: { captured: string; refunded: string } | undefined,
): string[] {
  const kept = Number(payment?.captured ?? 0) - Number(payment?.refunded ?? 0);
  const name = `order ${order.id} (${order.status}, ${order.payment_status})`;
  const problems: string[] = [];
  if (order.status === 'pending') problems.push(`${name} is not decided`);
  // What an administrator gave back on a completed order stays with the customer.
  const isRefunded = ['partially_refunded', 'refunded'].includes(order.payment_status);
  const isPaid = isRefunded ? kept < Number(order.total_amount) : kept === Number(order.total_amount);
  if (order.status === 'completed' && !isPaid) {
    problems.push(`${name} kept ${kept} of ${order.total_amount}`);
  }
  if (order.status === 'completed' && reservation !== 'committed')
    problems.push(`${name} has a ${reservation} reservation`);
  if (order.status === 'cancelled' && kept !== 0) problems.push(`${name} kept ${kept}`);
  if (order.status === 'cancelled' && !['released', 'restocked'].includes(reservation ?? '')) {
    problems.push(`${name} has a ${reservation} reservation`);
  }
  return problems;
}

/** Messages that are still under way, by service. */
export async function countUnpublished(platform: Platform): Promise<number> {
  const databases: DatabaseName[] = ['users', 'products', 'orders', 'payments', 'notifications'];
  const counts = await Promise.all(
    databases.map((database) =>
      select<{ n: number }>(platform, database, 'SELECT count(*)::int AS n FROM outbox WHERE published_at IS NULL'),
    ),
  );
  return counts.reduce((sum, [row]) => sum + (row?.n ?? 0), 0);
}

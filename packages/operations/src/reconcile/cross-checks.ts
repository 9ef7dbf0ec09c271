import { type Check, type CheckContext, PAGE_SIZE } from './check.ts';
import type { Discrepancy } from './discrepancy.ts';
import type { DatabaseName } from './shop-databases.ts';

/** What the books of two services must say about the same order. */
export const CROSS_CHECKS: readonly Check[] = [
  {
    name: 'order-stock',
    rule: 'The reservation of an order is whole and ends as the order does',
    run: (context) =>
      eachPage<OrderRow>(context, { database: 'orders', sql: ORDERS }, (orders) => checkStock(context, orders)),
  },
  {
    name: 'order-payment',
    rule: 'Completed is captured exactly once and whole; cancelled has kept nothing',
    run: (context) =>
      eachPage<OrderRow>(context, { database: 'orders', sql: ORDERS }, (orders) => checkPayments(context, orders)),
  },
  {
    name: 'reservation-has-order',
    rule: 'No reservation has taken stock without an order, or holds it after its expiry',
    run: (context) =>
      eachPage<{ id: string; status: string }>(context, { database: 'products', sql: RESERVATIONS }, async (rows) =>
        unknownOrders(context, rows, ({ status }) => `${/^[aeiou]/.test(status) ? 'an' : 'a'} ${status} reservation`),
      ),
  },
  {
    name: 'payment-has-order',
    rule: 'No payment is for an order that does not exist',
    run: (context) =>
      eachPage<{ id: string; status: string }>(context, { database: 'payments', sql: PAYMENTS }, async (rows) =>
        unknownOrders(context, rows, ({ status }) => `a payment that is ${status}`),
      ),
  },
];

interface OrderRow {
  id: string;
  status: 'pending' | 'completed' | 'cancelled';
  payment_status: string;
  total_amount: string;
  currency: string;
  /** Changed so lately that the others may not have heard of it. */
  is_fresh: boolean;
  lines: string;
}

// Lines as one text on both sides: product, quantity, price.
const ORDERS = `SELECT o.id, o.status, o.payment_status, o.total_amount, o.currency,
    o.updated_at > now() - $3::interval AS is_fresh,
    (SELECT string_agg(format('%s × %s at %s', l.quantity, l.product_id, l.unit_price_amount), ', ' ORDER BY l.product_id)
     FROM order_lines l WHERE l.order_id = o.id) AS lines
  FROM orders o WHERE o.id > $1::uuid ORDER BY o.id LIMIT $2`;
// An order that was given up in the middle of being placed keeps its stock until the reservation expires: its key may resume it.
const RESERVATIONS = `SELECT order_id AS id, status FROM reservations
  WHERE order_id > $1::uuid AND (
    (status = 'active' AND expires_at < now() - $3::interval)
    OR (status IN ('committed', 'restocked') AND created_at < now() - $3::interval))
  ORDER BY order_id LIMIT $2`;
const PAYMENTS = 'SELECT order_id AS id, status FROM payments WHERE order_id > $1::uuid ORDER BY order_id LIMIT $2';

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** Walks a table by id, a thousand rows at a time, so that neither the memory nor a statement grows with the shop. */
async function eachPage<Row extends { id: string }>(
  { databases, patienceMs }: CheckContext,
  { database, sql }: { database: DatabaseName; sql: string },
  check: (rows: Row[]) => Promise<Discrepancy[]>,
): Promise<Discrepancy[]> {
  const found: Discrepancy[] = [];
  let after = BEFORE_ALL;
  for (;;) {
    const values = [after, PAGE_SIZE, ...(sql.includes('$3') ? [`${patienceMs} milliseconds`] : [])];
    const rows = await databases.select<Row>(database, sql, values);
    found.push(...(await check(rows)));
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_SIZE) return found;
    after = last.id;
  }
}

/** Where the reservation of an order may stand; the first is named as expected. */
function stockStatesOf({ status, is_fresh }: OrderRow): string[] {
  switch (status) {
    case 'pending':
      return ['active'];
    case 'completed':
      return is_fresh ? ['committed', 'active'] : ['committed'];
    case 'cancelled':
      return is_fresh ? ['released', 'restocked', 'active', 'committed'] : ['released', 'restocked'];
  }
}

async function checkStock({ databases }: CheckContext, orders: OrderRow[]): Promise<Discrepancy[]> {
  const rows = await databases.select<{ order_id: string; status: string; lines: string | null }>(
    'products',
    `SELECT r.order_id, r.status,
       (SELECT string_agg(format('%s × %s at %s', i.quantity, i.product_id, i.unit_price_amount), ', ' ORDER BY i.product_id)
        FROM reservation_items i WHERE i.order_id = r.order_id) AS lines
     FROM reservations r WHERE r.order_id = ANY($1::uuid[])`,
    [orders.map(({ id }) => id)],
  );
  const byOrder = new Map(rows.map((row) => [row.order_id, row]));
  return orders.flatMap((order) => {
    const reservation = byOrder.get(order.id);
    const subject = `order ${order.id} (${order.status})`;
    const states = stockStatesOf(order);
    const discrepancies: Discrepancy[] = [];
    if (!states.includes(reservation?.status ?? '')) {
      const found = reservation === undefined ? 'no reservation' : `reservation ${reservation.status}`;
      discrepancies.push({ subject, expected: `reservation ${states.slice(0, 2).join(' or ')}`, found });
    }
    if (reservation !== undefined && reservation.lines !== order.lines) {
      discrepancies.push({ subject, expected: order.lines, found: reservation.lines ?? 'a reservation of nothing' });
    }
    return discrepancies;
  });
}

interface PaymentRow {
  order_id: string;
  status: string;
  amount: string;
  captured: string;
  refunded: string;
  currency: string;
}

async function checkPayments({ databases }: CheckContext, orders: OrderRow[]): Promise<Discrepancy[]> {
  const rows = await databases.select<PaymentRow>(
    'payments',
    'SELECT order_id, status, amount, captured, refunded, currency FROM payments WHERE order_id = ANY($1::uuid[])',
    [orders.map(({ id }) => id)],
  );
  const byOrder = new Map(rows.map((row) => [row.order_id, row]));
  return orders.flatMap((order) => {
    const discrepancy = paymentProblem(order, byOrder.get(order.id));
    return discrepancy === undefined ? [] : [{ subject: `order ${order.id} (${order.status})`, ...discrepancy }];
  });
}

function paymentProblem(order: OrderRow, payment: PaymentRow | undefined): Omit<Discrepancy, 'subject'> | undefined {
  const total = `${order.total_amount} ${order.currency}`;
  if (payment === undefined) {
    if (order.is_fresh && order.status !== 'completed') return undefined;
    return { expected: `a payment of ${total}`, found: 'no payment' };
  }
  if (payment.amount !== order.total_amount || payment.currency !== order.currency) {
    return { expected: `a payment of ${total}`, found: `a payment of ${payment.amount} ${payment.currency}` };
  }
  if (order.status === 'completed' && payment.captured !== order.total_amount) {
    return { expected: `${total} captured`, found: `${payment.captured} captured, payment ${payment.status}` };
  }
  if (order.is_fresh) return undefined;
  const kept = BigInt(payment.captured) - BigInt(payment.refunded);
  if (order.status === 'cancelled' && kept !== 0n) return { expected: 'nothing kept', found: `${kept} kept` };
  const heard = order.payment_status === 'awaiting' ? 'pending' : order.payment_status;
  if (heard !== payment.status) return { expected: `payment ${heard}`, found: `payment ${payment.status}` };
  return undefined;
}

/** Read after the rows themselves, so that an order that came in between is there. */
async function unknownOrders<Row extends { id: string }>(
  { databases }: CheckContext,
  rows: Row[],
  describe: (row: Row) => string,
): Promise<Discrepancy[]> {
  const known = await databases.select<{ id: string }>('orders', 'SELECT id FROM orders WHERE id = ANY($1::uuid[])', [
    rows.map(({ id }) => id),
  ]);
  const ids = new Set(known.map(({ id }) => id));
  return rows
    .filter(({ id }) => !ids.has(id))
    .map((row) => ({ subject: `order ${row.id}`, expected: 'an order', found: `only ${describe(row)}` }));
}

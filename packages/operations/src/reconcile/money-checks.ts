import { type Check, type CheckContext, sqlCheck } from './check.ts';
import type { Discrepancy } from './discrepancy.ts';

// The sandbox keeps its books beside the payments; those of Stripe are at Stripe, under its own references.
const OF_THE_SANDBOX = `(p.provider_reference IS NULL OR p.provider_reference !~ '^(pi|ch|re|py)_')`;

/** What payment-service's own books and the sandbox provider's ledger must say, and the whole sum over the shop. */
export const MONEY_CHECKS: readonly Check[] = [
  sqlCheck({
    name: 'payment-in-ledger',
    rule: 'What was captured stands in the ledger of the provider, row by row, and nothing else does',
    database: 'payments',
    sql: `SELECT CASE WHEN p.id IS NULL THEN 'charge ' || l.id ELSE 'payment ' || p.id END AS subject,
                 coalesce(format('%s %s for order %s', p.captured, p.currency, p.order_id), 'no charge') AS expected,
                 coalesce(format('%s %s for order %s', l.amount, l.currency, l.order_id), 'no charge') AS found
          FROM (SELECT * FROM payments p WHERE ${OF_THE_SANDBOX}) p
          FULL JOIN (SELECT * FROM sandbox_ledger WHERE kind = 'charge' AND outcome = 'succeeded') l ON l.idempotency_key = p.id::text
          WHERE (p.id IS NULL AND l.at < now() - $1::interval)
            OR (l.id IS NULL AND p.captured > 0)
            OR (l.amount <> p.captured AND (p.captured > 0 OR l.at < now() - $1::interval))
            OR l.currency <> p.currency OR l.order_id <> p.order_id`,
  }),
  sqlCheck({
    name: 'payment-charged-once',
    rule: 'An order is charged at most once',
    database: 'payments',
    sql: `SELECT 'order ' || order_id AS subject, 'at most one charge' AS expected,
                 format('%s charges: %s', count(*), string_agg(id::text, ', ' ORDER BY at)) AS found
          FROM sandbox_ledger WHERE kind = 'charge' AND outcome = 'succeeded' GROUP BY order_id HAVING count(*) > 1`,
  }),
  sqlCheck({
    name: 'payment-known',
    rule: 'No payment stays unknown',
    database: 'payments',
    sql: `SELECT 'payment ' || id AS subject, 'decided' AS expected,
                 format('pending after %s attempts', attempts) AS found
          FROM payments WHERE status = 'pending' AND first_tried_at < now() - $1::interval`,
  }),
  sqlCheck({
    name: 'refund-in-ledger',
    rule: 'What was given back stands in the ledger of the provider, row by row, and nothing else does',
    database: 'payments',
    sql: `SELECT CASE WHEN r.id IS NULL THEN 'ledger entry ' || l.id ELSE 'refund ' || r.id END AS subject,
                 coalesce(format('%s for order %s', r.amount, r.order_id), 'no refund') AS expected,
                 coalesce(format('%s for order %s', l.amount, l.order_id), 'no refund') AS found
          FROM (SELECT r.*, p.order_id FROM refunds r JOIN payments p ON p.id = r.payment_id
                WHERE r.status <> 'failed' AND ${OF_THE_SANDBOX}) r
          FULL JOIN (SELECT * FROM sandbox_ledger WHERE kind = 'refund' AND outcome = 'succeeded') l ON l.idempotency_key = r.provider_key
          WHERE (r.id IS NULL AND l.at < now() - $1::interval)
            OR (l.id IS NULL AND r.status = 'succeeded') OR l.amount <> r.amount OR l.order_id <> r.order_id`,
  }),
  sqlCheck({
    name: 'refund-within-capture',
    rule: 'Refunded is the sum of the refunds that succeeded, and never more than was captured',
    database: 'payments',
    sql: `SELECT 'payment ' || p.id AS subject, format('%s refunded, at most %s', coalesce(sum(r.amount), 0), p.captured) AS expected,
                 p.refunded || ' refunded' AS found
          FROM payments p LEFT JOIN refunds r ON r.payment_id = p.id AND r.status = 'succeeded'
          GROUP BY p.id HAVING p.refunded <> coalesce(sum(r.amount), 0) OR p.refunded > p.captured`,
  }),
  {
    name: 'money-adds-up',
    rule: 'Per currency the shop has kept what its completed orders cost, less what administrators gave back',
    run: moneyAddsUp,
  },
];

type Sums = { currency: string; amount: string };

/** Only while nothing is under way: in between, a sum over two databases is of no single moment. */
async function moneyAddsUp({ databases }: CheckContext): Promise<Discrepancy[]> {
  const [open] = await databases.select<{ n: number }>(
    'orders',
    `SELECT count(*)::int AS n FROM orders WHERE (status = 'pending' AND payment_method IS NOT NULL)
       OR (status = 'cancelled' AND payment_status NOT IN ('failed', 'voided', 'refunded'))`,
  );
  const [asked] = await databases.select<{ n: number }>(
    'payments',
    `SELECT count(*)::int AS n FROM payments WHERE status = 'pending' AND payment_method IS NOT NULL AND NOT cancelled`,
  );
  if ((open?.n ?? 0) + (asked?.n ?? 0) > 0) return [];
  const [kept, owed, given] = await Promise.all([
    databases.select<Sums>('payments', 'SELECT currency, sum(captured - refunded) AS amount FROM payments GROUP BY 1'),
    databases.select<Sums>(
      'orders',
      `SELECT currency, sum(total_amount) AS amount FROM orders WHERE status = 'completed' GROUP BY 1`,
    ),
    databases.select<Sums>(
      'payments',
      `SELECT p.currency, sum(r.amount) AS amount FROM refunds r JOIN payments p ON p.id = r.payment_id
       WHERE r.status = 'succeeded' AND NOT p.cancelled GROUP BY 1`,
    ),
  ]);
  const amountIn = (sums: Sums[], currency: string) =>
    BigInt(sums.find((sum) => sum.currency === currency)?.amount ?? 0);
  return [...new Set([...kept, ...owed].map(({ currency }) => currency))].sort().flatMap((currency) => {
    const expected = amountIn(owed, currency) - amountIn(given, currency);
    const found = amountIn(kept, currency);
    if (expected === found) return [];
    return [{ subject: `all orders in ${currency}`, expected: `${expected} kept`, found: `${found} kept` }];
  });
}

import type { Check, CheckContext } from './check.ts';
import type { Discrepancy } from './discrepancy.ts';
import type { BookedCharge, BookedRefund } from './stripe-books.ts';

/** How far back the provider's books are read. */
const WINDOW_MS = 30 * 24 * 60 * 60 * 1_000;

/** Our payments against the books of a provider that keeps them in its own house. */
export const PROVIDER_CHECKS: readonly Check[] = [
  {
    name: 'payment-at-provider',
    rule: 'What was captured within 30 days stands in the books of Stripe, row by row, and nothing else does',
    needs: 'provider',
    run: compareCharges,
  },
  {
    name: 'charged-once-at-provider',
    rule: 'Stripe has charged an order at most once',
    needs: 'provider',
    run: chargedTwice,
  },
  {
    name: 'refund-at-provider',
    rule: 'What was given back within 30 days stands in the books of Stripe, row by row, and nothing else does',
    needs: 'provider',
    run: compareRefunds,
  },
];

interface PaymentRow {
  id: string;
  order_id: string;
  reference: string | null;
  captured: string;
  currency: string;
}

interface RefundRow {
  id: string;
  reference: string | null;
  amount: string;
  charge: string;
}

const since = () => new Date(Date.now() - WINDOW_MS);
const isOld = (at: Date, { patienceMs }: CheckContext) => at.getTime() < Date.now() - patienceMs;
const ofPayment = (row: PaymentRow) => `${row.captured} ${row.currency} for order ${row.order_id}`;
const ofCharge = (charge: BookedCharge) => `${charge.amount} ${charge.currency} for order ${charge.orderId}`;

async function ourCharges({ provider }: CheckContext): Promise<BookedCharge[]> {
  return ((await provider?.charges(since())) ?? []).filter(({ paymentId }) => paymentId !== undefined);
}

async function compareCharges(context: CheckContext): Promise<Discrepancy[]> {
  const charges = await ourCharges(context);
  const rows = await context.databases.select<PaymentRow>(
    'payments',
    `SELECT id, order_id, provider_reference AS reference, captured, currency FROM payments
     WHERE (captured > 0 AND provider_reference LIKE 'pi\\_%' AND created_at >= $1) OR id::text = ANY($2)`,
    [since(), charges.map(({ paymentId }) => paymentId)],
  );
  const byReference = new Map(charges.map((charge) => [charge.reference, charge]));
  const known = new Set(rows.map(({ reference }) => reference));
  const wrong = rows.flatMap((row): Discrepancy[] => {
    if (row.reference === null || Number(row.captured) === 0) return []; // seen from the other side, below
    const charge = byReference.get(row.reference);
    const found = charge === undefined ? 'no charge' : ofCharge(charge);
    return found === ofPayment(row) ? [] : [{ subject: `payment ${row.id}`, expected: ofPayment(row), found }];
  });
  const captured = new Set(rows.filter((row) => Number(row.captured) > 0).map(({ reference }) => reference));
  const surplus = charges.filter(({ reference, at }) => {
    return isOld(at, context) && !(known.has(reference) && captured.has(reference));
  });
  return [
    ...wrong,
    ...surplus.map((charge) => ({
      subject: `charge ${charge.reference}`,
      expected: 'no charge',
      found: ofCharge(charge),
    })),
  ];
}

async function chargedTwice(context: CheckContext): Promise<Discrepancy[]> {
  const byOrder = new Map<string, BookedCharge[]>();
  for (const charge of await ourCharges(context)) {
    const order = charge.orderId ?? 'unknown';
    byOrder.set(order, [...(byOrder.get(order) ?? []), charge]);
  }
  return [...byOrder]
    .filter(([, charges]) => charges.length > 1)
    .map(([order, charges]) => ({
      subject: `order ${order}`,
      expected: 'at most one charge',
      found: charges.map(({ reference }) => reference).join(', '),
    }));
}

async function compareRefunds(context: CheckContext): Promise<Discrepancy[]> {
  const refunds = await ourRefunds(context);
  const rows = await context.databases.select<RefundRow>(
    'payments',
    `SELECT r.id, r.provider_reference AS reference, r.amount, p.provider_reference AS charge
     FROM refunds r JOIN payments p ON p.id = r.payment_id
     WHERE r.status = 'succeeded' AND p.provider_reference LIKE 'pi\\_%'
       AND (r.created_at >= $1 OR r.provider_reference = ANY($2))`,
    [since(), refunds.map(({ reference }) => reference)],
  );
  const byReference = new Map(refunds.map((refund) => [refund.reference, refund]));
  const known = new Set(rows.map(({ reference }) => reference));
  const wrong = rows.flatMap((row): Discrepancy[] => {
    const refund = byReference.get(row.reference ?? '');
    const expected = `${row.amount} of ${row.charge}`;
    const found = refund === undefined ? 'no refund' : `${refund.amount} of ${refund.chargeReference}`;
    return found === expected ? [] : [{ subject: `refund ${row.id}`, expected, found }];
  });
  const surplus = refunds.filter(({ reference, at }) => isOld(at, context) && !known.has(reference));
  return [
    ...wrong,
    ...surplus.map(({ reference, amount, chargeReference }) => ({
      subject: `refund ${reference}`,
      expected: 'no refund',
      found: `${amount} of ${chargeReference}`,
    })),
  ];
}

/** Refunds of charges that are ours: the account may have others. */
async function ourRefunds({ databases, provider }: CheckContext): Promise<BookedRefund[]> {
  const refunds = (await provider?.refunds(since())) ?? [];
  const charges = await databases.select<{ reference: string }>(
    'payments',
    'SELECT provider_reference AS reference FROM payments WHERE provider_reference = ANY($1)',
    [refunds.map(({ chargeReference }) => chargeReference)],
  );
  const ours = new Set(charges.map(({ reference }) => reference));
  return refunds.filter(({ chargeReference }) => ours.has(chargeReference));
}

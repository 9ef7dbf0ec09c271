import type { Queryable } from '@souk/service-runtime';
import type { PaymentChange } from './payment.ts';
import type { LockedPayment } from './payment-repository.ts';

type Change<T extends PaymentChange['type']> = Extract<PaymentChange, { type: T }>;

/** The provider's key of a refund. A cancelled order's is made from the payment, so that it can exist only once. */
function providerKeyOf(paymentId: string, refund: Change<'refund-requested'>): string {
  return refund.origin === 'compensation' ? `refund:${paymentId}` : refund.refundId;
}

/** Writes the refunds that were decided, due at once. Answers whether there were any. */
export async function insertRefunds(db: Queryable, locked: readonly LockedPayment[], now: Date): Promise<boolean> {
  const refunds = locked.flatMap(({ payment, steps }) =>
    steps.flatMap(({ change }) => (change.type === 'refund-requested' ? [{ paymentId: payment.id, change }] : [])),
  );
  if (refunds.length === 0) return false;
  await db.query(
    `INSERT INTO refunds (id, payment_id, amount, reason, origin, requested_by, provider_key, status, created_at, updated_at)
     SELECT u.*, 'pending', $8, $8
     FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::uuid[], $7::text[])
       AS u (id, payment_id, amount, reason, origin, requested_by, provider_key)`,
    [
      refunds.map(({ change }) => change.refundId),
      refunds.map(({ paymentId }) => paymentId),
      refunds.map(({ change }) => change.amount),
      refunds.map(({ change }) => change.reason),
      refunds.map(({ change }) => change.origin),
      refunds.map(({ change }) => change.requestedBy),
      refunds.map(({ paymentId, change }) => providerKeyOf(paymentId, change)),
      now,
    ],
  );
  return true;
}

/** Ends the refunds whose outcome was decided. */
export async function settleRefunds(db: Queryable, locked: readonly LockedPayment[], now: Date): Promise<void> {
  const settled = locked.flatMap(({ steps }) =>
    steps.flatMap(({ change }) =>
      change.type === 'refund-succeeded' || change.type === 'refund-failed' ? [change] : [],
    ),
  );
  if (settled.length === 0) return;
  await db.query(
    `UPDATE refunds AS r SET status = u.status, lease_id = NULL, updated_at = $3
     FROM unnest($1::uuid[], $2::text[]) AS u (id, status) WHERE r.id = u.id`,
    [
      settled.map((change) => change.refundId),
      settled.map((change) => (change.type === 'refund-succeeded' ? 'succeeded' : 'failed')),
      now,
    ],
  );
}

import type { Queryable } from '@souk/service-runtime';

/** A charge to ask the provider for, held by a lease. */
export interface LeasedCharge {
  id: string;
  orderId: string;
  amount: { amount: number; currency: string };
  paymentMethod: string;
  firstTriedAt: Date;
  traceparent: string | null;
  /** This try included. */
  attempts: number;
}

export interface LeaseOptions {
  leaseId: string;
  leaseMs: number;
  limit: number;
}

/**
 * Takes what is due, in one statement that commits by itself: from then on the row counts as tried, because from then on
 * the provider may be asked. Never tried and cancelled, or never tried and past its reservation, is not taken.
 */
export async function leaseCharges(db: Queryable, { leaseId, leaseMs, limit }: LeaseOptions): Promise<LeasedCharge[]> {
  const { rows } = await db.query<{
    id: string;
    order_id: string;
    amount: string;
    currency: string;
    payment_method: string;
    first_tried_at: Date;
    traceparent: string | null;
    attempts: number;
  }>(
    `UPDATE payments AS p SET lease_id = $1, due_at = now() + $2 * interval '1 millisecond', attempts = attempts + 1,
       first_tried_at = coalesce(first_tried_at, now())
     FROM (
       SELECT id FROM payments
       WHERE status = 'pending' AND payment_method IS NOT NULL AND captured = 0 AND due_at <= now()
         AND (first_tried_at IS NOT NULL OR (NOT cancelled AND reservation_expires_at > now()))
       ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
     WHERE p.id = due.id
     RETURNING p.id, p.order_id, p.amount, p.currency, p.payment_method, p.first_tried_at, p.traceparent,
       p.attempts`,
    [leaseId, leaseMs, limit],
  );
  return rows.map((row) => ({
    id: row.id,
    orderId: row.order_id,
    amount: { amount: Number(row.amount), currency: row.currency },
    paymentMethod: row.payment_method,
    firstTriedAt: row.first_tried_at,
    traceparent: row.traceparent,
    attempts: row.attempts,
  }));
}

/** A refund to ask the provider for, held by a lease. */
export interface LeasedRefund {
  id: string;
  paymentId: string;
  orderId: string;
  amount: { amount: number; currency: string };
  origin: 'admin' | 'compensation';
  providerKey: string;
  chargeReference: string;
  requestedAt: Date;
  traceparent: string | null;
  attempts: number;
}

export async function leaseRefunds(db: Queryable, { leaseId, leaseMs, limit }: LeaseOptions): Promise<LeasedRefund[]> {
  const { rows } = await db.query<{
    id: string;
    payment_id: string;
    order_id: string;
    amount: string;
    currency: string;
    origin: 'admin' | 'compensation';
    provider_key: string;
    provider_reference: string;
    created_at: Date;
    traceparent: string | null;
    attempts: number;
  }>(
    `WITH leased AS (
       UPDATE refunds AS r SET lease_id = $1, due_at = now() + $2 * interval '1 millisecond', attempts = attempts + 1
       FROM (
         SELECT id FROM refunds WHERE status = 'pending' AND due_at <= now()
         ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
       WHERE r.id = due.id
       RETURNING r.id, r.payment_id, r.amount, r.origin, r.provider_key, r.attempts, r.created_at)
     SELECT leased.*, p.order_id, p.currency, p.provider_reference, p.traceparent
     FROM leased JOIN payments AS p ON p.id = leased.payment_id`,
    [leaseId, leaseMs, limit],
  );
  return rows.map((row) => ({
    id: row.id,
    paymentId: row.payment_id,
    orderId: row.order_id,
    amount: { amount: Number(row.amount), currency: row.currency },
    origin: row.origin,
    providerKey: row.provider_key,
    chargeReference: row.provider_reference,
    requestedAt: row.created_at,
    traceparent: row.traceparent,
    attempts: row.attempts,
  }));
}

type LeasedTable = 'payments' | 'refunds';

/** Keeps the leases of calls that take long. */
export async function renewLeases(
  db: Queryable,
  table: LeasedTable,
  lease: { leaseId: string; leaseMs: number; ids: readonly string[] },
): Promise<void> {
  await db.query(
    `UPDATE ${table} SET due_at = now() + $2 * interval '1 millisecond'
     WHERE id = ANY($3::uuid[]) AND lease_id = $1 AND status = 'pending'`,
    [lease.leaseId, lease.leaseMs, lease.ids],
  );
}

/** Gives rows back without an answer: due again after their own delay. */
export async function releaseLeases(
  db: Queryable,
  table: LeasedTable,
  release: { leaseId: string; rows: readonly { id: string; delayMs: number }[] },
): Promise<void> {
  if (release.rows.length === 0) return;
  await db.query(
    `UPDATE ${table} AS t SET lease_id = NULL, due_at = now() + u.delay_ms * interval '1 millisecond'
     FROM unnest($2::uuid[], $3::int[]) AS u (id, delay_ms)
     WHERE t.id = u.id AND t.lease_id = $1 AND t.status = 'pending'`,
    [release.leaseId, release.rows.map(({ id }) => id), release.rows.map(({ delayMs }) => delayMs)],
  );
}

/** The refunds among these that are still pending under this lease, locked; after the locks on their payments. */
export async function lockLeasedRefunds(db: Queryable, leaseId: string, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM refunds WHERE id = ANY($1::uuid[]) AND lease_id = $2 AND status = 'pending' ORDER BY id FOR UPDATE`,
    [ids, leaseId],
  );
  return new Set(rows.map((row) => row.id));
}

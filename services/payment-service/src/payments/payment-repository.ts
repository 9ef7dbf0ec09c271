import type { CloudEvent } from '@souk/contracts';
import { insertOutbox } from '@souk/outbox';
import type { Queryable } from '@souk/service-runtime';
import { evolvePayment, type Payment, type PaymentChange } from './payment.ts';
import { type PaymentStep, toPublishedEvent, toSteps } from './payment-events.ts';
import { PAYMENT_COLUMNS, type PaymentRow, toPayment } from './payment-rows.ts';
import { insertRefunds, settleRefunds } from './refund-rows.ts';

/** A payment before it has a row. */
export interface NewPayment {
  id: string;
  orderId: string;
  userId: string;
  contact: Payment['contact'];
  amount: Payment['amount'];
  paymentMethod: string | null;
  reservationExpiresAt: Date | null;
  traceparent: string | null;
  createdAt: Date;
}

/** A payment under its row lock, with what was decided in this transaction so far. */
export interface LockedPayment {
  payment: Payment;
  /** The provider's own name of the charge that was captured; as it stood when the row was locked. */
  reference: string | null;
  traceparent: string | null;
  steps: PaymentStep[];
}

/** One row per order; an order that has one already keeps it. Answers the orders whose row is new. */
export async function insertPayments(db: Queryable, payments: readonly NewPayment[]): Promise<Set<string>> {
  const { rows } = await db.query<{ order_id: string }>({
    name: 'insert payments',
    text: `INSERT INTO payments (id, order_id, user_id, email, name, phone, currency, amount, payment_method,
       reservation_expires_at, traceparent, created_at, updated_at, status)
     SELECT u.*, u.created_at, 'pending'
     FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
       $9::text[], $10::timestamptz[], $11::text[], $12::timestamptz[])
       AS u (id, order_id, user_id, email, name, phone, currency, amount, payment_method, reservation_expires_at,
         traceparent, created_at)
     ORDER BY u.order_id
     ON CONFLICT (order_id) DO NOTHING
     RETURNING order_id`,
    values: [
      payments.map((payment) => payment.id),
      payments.map((payment) => payment.orderId),
      payments.map((payment) => payment.userId),
      payments.map((payment) => payment.contact.email),
      payments.map((payment) => payment.contact.name),
      payments.map((payment) => payment.contact.phone),
      payments.map((payment) => payment.amount.currency),
      payments.map((payment) => payment.amount.amount),
      payments.map((payment) => payment.paymentMethod),
      payments.map((payment) => payment.reservationExpiresAt),
      payments.map((payment) => payment.traceparent),
      payments.map((payment) => payment.createdAt),
    ],
  });
  return new Set(rows.map((row) => row.order_id));
}

function toLocked(row: PaymentRow): LockedPayment {
  return { payment: toPayment(row), reference: row.provider_reference, traceparent: row.traceparent, steps: [] };
}

/** Locks the rows of these orders, always in the order of their ids, so that two batches never wait for each other. */
export async function lockPaymentsOfOrders(db: Queryable, orderIds: readonly string[]): Promise<LockedPayment[]> {
  const { rows } = await db.query<PaymentRow>(
    `SELECT ${PAYMENT_COLUMNS} FROM payments WHERE order_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
    [orderIds],
  );
  return rows.map(toLocked);
}

/** Locks payments by id; with `leaseId` only those that this lease still holds. */
export async function lockPayments(
  db: Queryable,
  ids: readonly string[],
  leaseId?: string,
): Promise<Map<string, LockedPayment>> {
  const { rows } = await db.query<PaymentRow>({
    name: 'lock payments',
    text: `SELECT ${PAYMENT_COLUMNS} FROM payments
     WHERE id = ANY($1::uuid[]) AND ($2::uuid IS NULL OR lease_id = $2) ORDER BY id FOR UPDATE`,
    values: [ids, leaseId ?? null],
  });
  return new Map(rows.map((row) => [row.id, toLocked(row)]));
}

/** Takes decisions into a locked payment; nothing is written before `savePayments`. */
export function applyChanges(locked: LockedPayment, changes: readonly PaymentChange[]): void {
  locked.steps.push(...toSteps(locked.payment, changes));
  locked.payment = changes.reduce(evolvePayment, locked.payment);
}

/** Writes what was decided: rows, refunds and the outbox, each in one statement for all payments. Answers whether refunds became due. */
export async function savePayments(
  db: Queryable,
  locked: readonly LockedPayment[],
  context: { now: Date; newId: () => string },
): Promise<boolean> {
  const changed = locked.filter(({ steps }) => steps.length > 0);
  if (changed.length === 0) return false;
  await updatePayments(db, changed, context.now);
  const refundsDue = await insertRefunds(db, changed, context.now);
  await settleRefunds(db, changed, context.now);
  const events = changed.flatMap(({ steps, traceparent }) =>
    steps
      .map((step) => toPublishedEvent(step, { ...context, traceparent }))
      .filter((event): event is CloudEvent => event !== undefined),
  );
  if (events.length > 0) await insertOutbox(db, events);
  return refundsDue;
}

function referenceOf({ steps }: LockedPayment): string | null {
  for (const { change } of steps) {
    if (change.type === 'payment-captured' || change.type === 'wrong-amount-captured') return change.reference;
  }
  return null;
}

async function updatePayments(db: Queryable, locked: readonly LockedPayment[], now: Date): Promise<void> {
  const payments = locked.map(({ payment }) => payment);
  await db.query({
    name: 'update payments',
    text: `UPDATE payments AS p SET
       email = u.email, name = u.name, phone = u.phone, payment_method = coalesce(u.payment_method, p.payment_method),
       status = u.status,
       failure_code = u.failure_code, captured = u.captured, refund_reserved = u.refund_reserved,
       refunded = u.refunded, cancelled = u.cancelled, version = u.version,
       provider_reference = coalesce(u.provider_reference, p.provider_reference),
       lease_id = CASE WHEN u.status = 'pending' AND u.captured = 0 THEN p.lease_id END, updated_at = $14
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
       $9::bigint[], $10::bigint[], $11::boolean[], $12::int[], $13::text[])
       AS u (id, email, name, phone, payment_method, status, failure_code, captured, refund_reserved, refunded,
         cancelled, version, provider_reference)
     WHERE p.id = u.id`,
    values: [
      payments.map((payment) => payment.id),
      payments.map((payment) => payment.contact.email),
      payments.map((payment) => payment.contact.name),
      payments.map((payment) => payment.contact.phone),
      payments.map((payment) => (payment.status === 'pending' ? payment.paymentMethod : null)),
      payments.map((payment) => payment.status),
      payments.map((payment) => (payment.status === 'failed' ? payment.failureCode : null)),
      payments.map((payment) => payment.captured),
      payments.map((payment) => payment.refundReserved),
      payments.map((payment) => payment.refunded),
      payments.map((payment) => payment.cancelled),
      payments.map((payment) => payment.version),
      locked.map(referenceOf),
      now,
    ],
  });
}

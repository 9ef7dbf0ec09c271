import type { Payment } from './payment.ts';

export const PAYMENT_COLUMNS = `id, order_id, user_id, email, name, phone, currency, amount, payment_method,
  reservation_expires_at, status, failure_code, captured, refund_reserved, refunded, cancelled, provider_reference,
  traceparent, version, attempts, first_tried_at, created_at`;

/** A row as `pg` gives it: bigint as text. */
export interface PaymentRow {
  id: string;
  order_id: string;
  user_id: string;
  email: string | null;
  name: string;
  phone: string | null;
  currency: string;
  amount: string;
  payment_method: string | null;
  reservation_expires_at: Date | null;
  status: Payment['status'];
  failure_code: string | null;
  captured: string;
  refund_reserved: string;
  refunded: string;
  cancelled: boolean;
  provider_reference: string | null;
  traceparent: string | null;
  version: number;
  attempts: number;
  first_tried_at: Date | null;
  created_at: Date;
}

export function toPayment(row: PaymentRow): Payment {
  const facts = {
    id: row.id,
    orderId: row.order_id,
    userId: row.user_id,
    contact: { email: row.email, name: row.name, phone: row.phone },
    amount: { amount: Number(row.amount), currency: row.currency },
    createdAt: row.created_at,
    version: row.version,
    cancelled: row.cancelled,
    captured: Number(row.captured),
    refundReserved: Number(row.refund_reserved),
    refunded: Number(row.refunded),
  };
  switch (row.status) {
    case 'pending':
      return {
        ...facts,
        status: 'pending',
        paymentMethod: row.payment_method,
        reservationExpiresAt: row.reservation_expires_at,
        tried: row.first_tried_at !== null,
      };
    case 'failed':
      return { ...facts, status: 'failed', failureCode: row.failure_code ?? 'declined' };
    case 'voided':
      return { ...facts, status: 'voided' };
    default:
      return { ...facts, status: row.status };
  }
}

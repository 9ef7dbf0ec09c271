import { paymentStatuses } from '@souk/contracts';
import { moneySchemaApi } from '@souk/http';
import { z } from 'zod';
import type { Payment } from './payment.ts';
import type { PaymentView } from './payment-queries.ts';
import type { RequestedRefund } from './request-refund.ts';

export const paymentSchema = z
  .object({
    id: z.string(),
    orderId: z.string(),
    amount: moneySchemaApi,
    status: z.enum(paymentStatuses),
    failureCode: z.string().nullable(),
    refunded: moneySchemaApi,
    createdAt: z.string(),
  })
  .meta({ id: 'Payment' });

export const refundSchema = z
  .object({ id: z.string(), amount: moneySchemaApi, status: z.enum(['pending', 'succeeded', 'failed']) })
  .meta({ id: 'Refund' });

export const PAYMENT_EXAMPLE = {
  id: '0198c0de-0000-7000-8000-000000000001',
  orderId: '0198c0de-0000-7000-8000-000000000002',
  amount: { amount: 4998, currency: 'EUR' },
  status: 'captured',
  failureCode: null,
  refunded: { amount: 0, currency: 'EUR' },
  createdAt: '2026-11-22T12:00:00.000Z',
};

export const REFUND_EXAMPLE = {
  id: '0198c0de-0000-7000-8000-000000000003',
  amount: { amount: 1999, currency: 'EUR' },
  status: 'pending',
};

export function toPaymentAnswer(payment: PaymentView) {
  return {
    id: payment.id,
    orderId: payment.orderId,
    amount: payment.amount,
    status: payment.status,
    failureCode: payment.failureCode,
    refunded: payment.refunded,
    createdAt: payment.createdAt.toISOString(),
  };
}

/** The same from the aggregate, right after a decision. */
export function fromPayment(payment: Payment): PaymentView {
  const { id, orderId, userId, amount, status, createdAt, refunded } = payment;
  return {
    id,
    orderId,
    userId,
    amount,
    status,
    failureCode: payment.status === 'failed' ? payment.failureCode : null,
    refunded: { amount: refunded, currency: amount.currency },
    createdAt,
  };
}

export function toRefundAnswer(refund: RequestedRefund) {
  return { id: refund.id, amount: refund.amount, status: refund.status };
}

import { randomUUID } from 'node:crypto';
import { waitFor } from '@souk/testing';
import type { Platform } from '../../src/platform.ts';
import { type AnyBody, ContractBrokenError, type Subject } from '../subject.ts';
import { aCompletedOrder, anOrder, meet, orderWhen } from './orders.ts';

/** The payment that came to be because payment-service has consumed the order's event. */
export function paymentOf(subject: Subject, orderId: string): Promise<AnyBody> {
  return waitFor(
    async () => (await subject.ask('listPayments', 200, { as: 'admin', query: { orderId } })).body.items[0],
    { timeoutMs: 30_000, everyMs: 50, what: `The payment of order ${orderId}` },
  );
}

const euros = (amount: number) => ({ amount: { amount, currency: 'EUR' } });

export async function paying(subject: Subject, platform: Platform): Promise<void> {
  const { body: order } = await anOrder(subject);
  const headers = { 'idempotency-key': randomUUID() };
  const change = { orderId: order.id };
  await subject.ask('payOrder', 'not-found', { as: 'stranger', change });
  const { body: payment } = await subject.ask('payOrder', 201, { change, headers });
  await subject.ask('payOrder', 201, { change, headers });
  await subject.ask('payOrder', 'idempotency-key-reused', {
    change: { ...change, paymentMethod: 'tok_slow' },
    headers,
  });
  await subject.ask('payOrder', 'payment-exists', { change });
  await subject.ask('getPayment', 200, { path: { id: payment.id } });
  await subject.ask('getPayment', 'not-found', { as: 'stranger', path: { id: payment.id } });
  const foreign = await subject.ask('listPayments', 200, { as: 'stranger', query: { orderId: order.id } });
  if (foreign.body.items.length > 0) throw new ContractBrokenError('A stranger sees the payment of an order');

  const { body: cancelled } = await anOrder(subject);
  await subject.ask('cancelOrder', 200, { path: { id: cancelled.id }, change: {} });
  await subject.ask('payOrder', 'order-not-payable', { change: { orderId: cancelled.id } });

  const wish = async () => ({ change: { orderId: (await anOrder(subject)).body.id } });
  await meet(subject, { id: 'payOrder', wish, databaseUrl: platform.databaseUrl('payments'), table: 'payments' });
}

export async function refunding(subject: Subject, platform: Platform): Promise<void> {
  const { body: order } = await aCompletedOrder(subject);
  const path = { id: (await paymentOf(subject, order.id)).id };
  const headers = { 'idempotency-key': randomUUID() };
  await subject.ask('requestRefund', 'forbidden', { as: 'customer', path, change: {} });
  await subject.ask('requestRefund', 201, { path, change: euros(200), headers });
  await subject.ask('requestRefund', 'idempotency-key-reused', { path, change: euros(300), headers });
  await subject.ask('requestRefund', 'refund-exceeds-payment', { path, change: euros(14_900) });
  const wish = async () => ({ path, change: euros(100) });
  await meet(subject, { id: 'requestRefund', wish, databaseUrl: platform.databaseUrl('payments'), table: 'payments' });
  await subject.ask('listRefunds', 200, { path });

  // All that is left, wanted by two administrators at once: one gets it.
  const rest = [1, 2].map(() => subject.send('requestRefund', { path, body: { reason: 'All of it' } }));
  const outcomes = (await Promise.all(rest)).map(({ outcome }) => outcome).sort();
  if (outcomes[0] !== '201' || outcomes[1] === '201') throw new ContractBrokenError(`Two refunds at once: ${outcomes}`);

  const { body: declined } = await anOrder(subject, { paymentMethod: 'tok_declined' });
  await orderWhen(subject, declined.id, { status: 'cancelled' });
  const failed = { id: (await paymentOf(subject, declined.id)).id };
  await subject.ask('requestRefund', 'not-refundable', { path: failed, change: {} });
}

/** Stripe has no door here: the provider is the sandbox. */
export async function webhooks(subject: Subject): Promise<void> {
  await subject.ask('receiveStripeWebhook', 'not-found', { body: {}, headers: { 'stripe-signature': 't=1,v1=00' } });
}

/** The books of the sandbox provider; at the service's own port alone. */
export async function theLedger(subject: Subject): Promise<void> {
  const { body: order } = await aCompletedOrder(subject);
  await subject.ask('listSandboxCharges', 200, { query: { orderId: order.id } });
}

import { eventDataSchemas } from '@souk/contracts';
import { expect, test } from 'vitest';
import { aPendingPayment } from '../../test/builders.ts';
import { decidePayment, type Payment, type PaymentCommand } from './payment.ts';
import { toPublishedEvent, toSteps } from './payment-events.ts';

const context = { newId: () => '0198c0de-0000-7000-8000-0000000000ff', now: new Date('2026-01-01T00:00:00Z') };
const EUR = { amount: 1999, currency: 'EUR' };
const captured: PaymentCommand = {
  type: 'record-charge',
  outcome: { kind: 'captured', amount: EUR, reference: 'ch' },
  compensationId: 'c',
};
const eventsOf = (payment: Payment, command: PaymentCommand, traceparent: string | null = null) =>
  toSteps(payment, decidePayment(payment, command)).flatMap(
    (step) => toPublishedEvent(step, { ...context, traceparent }) ?? [],
  );
const afterAll = (payment: Payment, command: PaymentCommand) =>
  toSteps(payment, decidePayment(payment, command)).at(-1)?.after ?? payment;

test('a capture is published with the whole state of the payment', () => {
  const [event, ...others] = eventsOf(aPendingPayment({ tried: true }), captured);
  expect(others).toEqual([]);
  expect(event).toMatchObject({ type: 'payment.completed', subject: aPendingPayment().orderId, sequence: '1' });
  expect(eventDataSchemas['payment.completed'].parse(event?.data)).toMatchObject({
    status: 'captured',
    captured: EUR,
    refunded: { amount: 0, currency: 'EUR' },
    failureCode: null,
  });
});

test('numbers rise with each published change, and unpublished ones take none', () => {
  const payment = afterAll(aPendingPayment({ tried: true }), captured);
  const request: PaymentCommand = {
    type: 'request-refund',
    refundId: 'r1',
    amount: { amount: 500, currency: 'EUR' },
    reason: 'x',
    requestedBy: 'a',
  };
  expect(eventsOf(payment, request)).toEqual([]);
  const refunded: PaymentCommand = {
    type: 'record-refund',
    refundId: 'r1',
    amount: 500,
    succeeded: true,
    compensationId: 'c',
  };
  expect(eventsOf(afterAll(payment, request), refunded)).toMatchObject([
    {
      type: 'payment.refunded',
      sequence: '2',
      data: { status: 'partially_refunded', refundId: 'r1', refundAmount: { amount: 500, currency: 'EUR' } },
    },
  ]);
});

test('a wrong amount that went back is published as a failure alone', () => {
  const wrong = afterAll(aPendingPayment({ tried: true }), {
    type: 'record-charge',
    outcome: { kind: 'captured', amount: { amount: 5, currency: 'EUR' }, reference: 'ch' },
    compensationId: 'c',
  });
  const back: PaymentCommand = {
    type: 'record-refund',
    refundId: 'c',
    amount: 5,
    succeeded: true,
    compensationId: 'd',
  };
  expect(eventsOf(wrong, back)).toMatchObject([
    { type: 'payment.failed', data: { captured: { amount: 5 }, refunded: { amount: 5 }, failureCode: 'declined' } },
  ]);
});

test('an event continues the trace that its payment began with', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const [event] = eventsOf(aPendingPayment({ tried: true }), captured, `00-${traceId}-00f067aa0ba902b7-01`);
  expect(event?.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
});

import { type CloudEvent, createEvent, type EventData, type EventType } from '@souk/contracts';
import { childTraceparent } from '@souk/service-runtime';
import { evolvePayment, type Payment, type PaymentChange } from './payment.ts';

/** A change and the payment it led to. */
export interface PaymentStep {
  change: PaymentChange;
  after: Payment;
}

/** Applies changes one by one, keeping what each led to. */
export function toSteps(payment: Payment, changes: readonly PaymentChange[]): PaymentStep[] {
  let after = payment;
  return changes.map((change) => {
    after = evolvePayment(after, change);
    return { change, after };
  });
}

type PaymentEventType = Extract<EventType, `payment.${string}`>;

/** The types this service publishes about a payment, the newest of which a redrive repeats. */
export const PAYMENT_EVENT_TYPES: readonly PaymentEventType[] = [
  'payment.completed',
  'payment.failed',
  'payment.voided',
  'payment.refunded',
];

function typeOf(step: PaymentStep): PaymentEventType | undefined {
  switch (step.change.type) {
    case 'payment-captured':
      return 'payment.completed';
    case 'payment-failed':
      return 'payment.failed';
    case 'payment-voided':
      return 'payment.voided';
    case 'refund-succeeded':
      // A wrong amount that went back was never a capture of this order; its end is payment.failed or payment.voided.
      return step.after.status === 'pending' ? undefined : 'payment.refunded';
    default:
      return undefined;
  }
}

function toData(step: PaymentStep): EventData<PaymentEventType> {
  const { after, change } = step;
  const { currency } = after.amount;
  return {
    orderId: after.orderId,
    userId: after.userId,
    email: after.contact.email,
    name: after.contact.name,
    phone: after.contact.phone,
    paymentId: after.id,
    status: after.status,
    amount: after.amount,
    captured: { amount: after.captured, currency },
    refunded: { amount: after.refunded, currency },
    failureCode: after.status === 'failed' ? after.failureCode : null,
    ...(change.type === 'refund-succeeded'
      ? { refundId: change.refundId, refundAmount: { amount: change.amount, currency } }
      : {}),
  };
}

/** The fact to publish for a step, if it is one that others must know. */
export function toPublishedEvent(
  step: PaymentStep,
  context: { newId: () => string; now: Date; traceparent: string | null },
): CloudEvent | undefined {
  const type = typeOf(step);
  if (type === undefined) return undefined;
  return createEvent({
    id: context.newId(),
    type,
    subject: step.after.orderId,
    time: context.now,
    sequence: step.after.version,
    traceparent: context.traceparent === null ? undefined : childTraceparent(context.traceparent),
    data: toData(step),
  });
}

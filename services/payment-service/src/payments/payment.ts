import { type Money, Refusal } from '@souk/contracts';

/** To whom mails about this payment go; blank once the user is erased. */
export interface Contact {
  email: string | null;
  name: string;
  phone: string | null;
}

interface PaymentFacts {
  readonly id: string;
  readonly orderId: string;
  readonly userId: string;
  readonly contact: Contact;
  readonly amount: Money;
  readonly createdAt: Date;
  /** Counts the facts that were published; the `sequence` of the newest payment event. */
  readonly version: number;
  /** The order was cancelled: whatever was or will be captured goes back. */
  readonly cancelled: boolean;
  /** Minor units, of `amount.currency`: what the provider took, what is promised back, what went back. */
  readonly captured: number;
  readonly refundReserved: number;
  readonly refunded: number;
}

/** Not known yet: waiting for a method, for the charger, or for the provider's answer. */
export interface PendingPayment extends PaymentFacts {
  readonly status: 'pending';
  readonly paymentMethod: string | null;
  readonly reservationExpiresAt: Date | null;
  /** The provider was asked at least once, so that a capture may exist. */
  readonly tried: boolean;
}

export interface CapturedPayment extends PaymentFacts {
  readonly status: 'captured' | 'partially_refunded' | 'refunded';
}

export interface FailedPayment extends PaymentFacts {
  readonly status: 'failed';
  readonly failureCode: string;
}

export interface VoidedPayment extends PaymentFacts {
  readonly status: 'voided';
}

export type Payment = PendingPayment | CapturedPayment | FailedPayment | VoidedPayment;

export const FAILURE_CODES = ['declined', 'insufficient_funds', 'unknown_payment_method'] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** What the provider said. An answer that did not come is no outcome: the payment stays pending and is asked again. */
export type ChargeOutcome =
  | { kind: 'captured'; amount: Money; reference: string }
  | { kind: 'declined'; failureCode: FailureCode };

export type RefundOrigin = 'admin' | 'compensation';

export type PaymentCommand =
  | { type: 'cancel'; compensationId: string }
  | { type: 'set-method'; paymentMethod: string; at: Date }
  | { type: 'record-charge'; outcome: ChargeOutcome; compensationId: string }
  | { type: 'request-refund'; refundId: string; amount: Money | undefined; reason: string; requestedBy: string }
  | { type: 'record-refund'; refundId: string; amount: number; succeeded: boolean; compensationId: string };

export type PaymentChange =
  | { type: 'order-cancelled' }
  | { type: 'method-set'; paymentMethod: string }
  | { type: 'payment-captured'; captured: number; reference: string }
  | { type: 'wrong-amount-captured'; captured: number; reference: string }
  | { type: 'payment-failed'; failureCode: FailureCode }
  | { type: 'payment-voided' }
  | {
      type: 'refund-requested';
      refundId: string;
      amount: number;
      origin: RefundOrigin;
      reason: string;
      requestedBy: string | null;
    }
  | { type: 'refund-succeeded'; refundId: string; amount: number }
  | { type: 'refund-failed'; refundId: string; amount: number };

/** The reason that a compensation carries in the list of refunds. */
export const COMPENSATION_REASON = 'order cancelled';

/**
 * The one decision maker of a payment. Whatever the order in which cancellation, outcome and refunds arrive, the ends
 * are the same two: one capture for an order that stands, or captured minus refunded equal to zero.
 */
export function decidePayment(payment: Payment, command: PaymentCommand): PaymentChange[] {
  switch (command.type) {
    case 'cancel':
      return decideCancel(payment, command.compensationId);
    case 'set-method':
      return decideSetMethod(payment, command);
    case 'record-charge':
      return decideCharge(payment, command.outcome, command.compensationId);
    case 'request-refund':
      return decideRefund(payment, command);
    case 'record-refund':
      return decideRefundOutcome(payment, command);
    default:
      return unreachable(command);
  }
}

function decideCancel(payment: Payment, compensationId: string): PaymentChange[] {
  if (payment.cancelled) return [];
  const changes: PaymentChange[] = [{ type: 'order-cancelled' }];
  // Before any try nothing can have been captured; after one only the provider's answer tells.
  if (payment.status === 'pending' && !payment.tried) return [...changes, { type: 'payment-voided' }];
  return withCompensation(payment, changes, compensationId);
}

function decideSetMethod(payment: Payment, command: Extract<PaymentCommand, { type: 'set-method' }>): PaymentChange[] {
  if (payment.cancelled) throw new Refusal('order-not-payable', 'The order is cancelled');
  if (payment.status !== 'pending' || payment.paymentMethod !== null) {
    throw new Refusal('payment-exists', 'The order has a payment already');
  }
  if (payment.reservationExpiresAt === null || payment.reservationExpiresAt <= command.at) {
    throw new Refusal('order-not-payable', 'The reservation of the order has expired');
  }
  return [{ type: 'method-set', paymentMethod: command.paymentMethod }];
}

function decideCharge(payment: Payment, outcome: ChargeOutcome, compensationId: string): PaymentChange[] {
  // An answer that is known already: a repeat by webhook, or by a charger that lost its lease.
  if (payment.status !== 'pending' || payment.captured > 0) return [];
  if (outcome.kind === 'declined') {
    return [
      payment.cancelled ? { type: 'payment-voided' } : { type: 'payment-failed', failureCode: outcome.failureCode },
    ];
  }
  const { amount, reference } = outcome;
  const type =
    amount.amount === payment.amount.amount && amount.currency === payment.amount.currency
      ? 'payment-captured'
      : 'wrong-amount-captured';
  return withCompensation(payment, [{ type, captured: amount.amount, reference }], compensationId);
}

function decideRefund(payment: Payment, command: Extract<PaymentCommand, { type: 'request-refund' }>): PaymentChange[] {
  if (payment.status === 'pending' || payment.status === 'failed' || payment.status === 'voided') {
    throw new Refusal('not-refundable', 'Nothing was captured that could be refunded');
  }
  const left = refundableOf(payment);
  if (command.amount !== undefined && command.amount.currency !== payment.amount.currency) {
    throw new Refusal('validation', 'The body breaks the schema', {
      errors: [{ pointer: '/amount/currency', detail: `expected ${payment.amount.currency}, as it was captured` }],
    });
  }
  if (left === 0) throw new Refusal('refund-exceeds-payment', 'Nothing is left to refund');
  const amount = command.amount?.amount ?? left;
  if (amount > left) {
    throw new Refusal('refund-exceeds-payment', `Expected at most ${left} minor units, found ${amount}`);
  }
  return [
    {
      type: 'refund-requested',
      refundId: command.refundId,
      amount,
      origin: 'admin',
      reason: command.reason,
      requestedBy: command.requestedBy,
    },
  ];
}

function decideRefundOutcome(
  payment: Payment,
  command: Extract<PaymentCommand, { type: 'record-refund' }>,
): PaymentChange[] {
  const { refundId, amount } = command;
  const changes: PaymentChange[] = [
    { type: command.succeeded ? 'refund-succeeded' : 'refund-failed', refundId, amount },
  ];
  // A wrong amount has gone back whole: now the payment has its end.
  if (payment.status === 'pending' && command.succeeded) {
    changes.push(payment.cancelled ? { type: 'payment-voided' } : { type: 'payment-failed', failureCode: 'declined' });
    return changes;
  }
  return withCompensation(payment, changes, command.compensationId);
}

/** What an administrator may still give back; of a cancelled order all is promised to the compensation. */
export function refundableOf(payment: Payment): number {
  return payment.cancelled ? 0 : payment.captured - payment.refundReserved;
}

/**
 * Adds the compensation where it is due: when the order is cancelled (or the amount was wrong), something captured is not
 * promised back yet, and no other refund is open. One compensation a payment suffices, because its provider key is one:
 * while an administrator's refund is open its outcome, not this moment, tells what is left.
 */
function withCompensation(payment: Payment, changes: PaymentChange[], compensationId: string): PaymentChange[] {
  const after = changes.reduce(evolvePayment, payment);
  const owed = after.cancelled || after.status === 'pending' ? after.captured - after.refundReserved : 0;
  if (owed <= 0 || after.refundReserved > after.refunded) return changes;
  return [
    ...changes,
    {
      type: 'refund-requested',
      refundId: compensationId,
      amount: owed,
      origin: 'compensation',
      reason: COMPENSATION_REASON,
      requestedBy: null,
    },
  ];
}

/** Applies one change; which changes are published (and so count in `version`) stands here. */
export function evolvePayment(payment: Payment, change: PaymentChange): Payment {
  switch (change.type) {
    case 'order-cancelled':
      return { ...payment, cancelled: true };
    case 'method-set':
      return payment.status === 'pending' ? { ...payment, paymentMethod: change.paymentMethod } : payment;
    case 'payment-captured':
      return { ...factsOf(payment), status: 'captured', captured: change.captured, version: payment.version + 1 };
    case 'wrong-amount-captured':
      return { ...payment, captured: change.captured };
    case 'payment-failed':
      return { ...factsOf(payment), status: 'failed', failureCode: change.failureCode, version: payment.version + 1 };
    case 'payment-voided':
      return { ...factsOf(payment), status: 'voided', version: payment.version + 1 };
    case 'refund-requested':
      return { ...payment, refundReserved: payment.refundReserved + change.amount };
    case 'refund-succeeded':
      return evolveRefundSucceeded(payment, change.amount);
    case 'refund-failed':
      return { ...payment, refundReserved: payment.refundReserved - change.amount };
    default:
      return unreachable(change);
  }
}

function evolveRefundSucceeded(payment: Payment, amount: number): Payment {
  const refunded = payment.refunded + amount;
  if (payment.status !== 'captured' && payment.status !== 'partially_refunded') return { ...payment, refunded };
  const status = refunded === payment.captured ? 'refunded' : 'partially_refunded';
  return { ...payment, status, refunded, version: payment.version + 1 };
}

function factsOf(payment: Payment): PaymentFacts {
  const { id, orderId, userId, contact, amount, createdAt, version, cancelled, captured, refundReserved, refunded } =
    payment;
  return { id, orderId, userId, contact, amount, createdAt, version, cancelled, captured, refundReserved, refunded };
}

function unreachable(value: never): never {
  throw new TypeError(`Unexpected ${JSON.stringify(value)}`);
}

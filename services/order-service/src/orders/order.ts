import type { Address, Money, Refusal } from '@souk/contracts';
import { notCancellable, wrongState } from './order-errors.ts';

/** One product of an order at the price it had when the stock was reserved. */
export interface OrderLine {
  productId: string;
  sku: string;
  name: string;
  quantity: number;
  unitPrice: Money;
  lineTotal: Money;
}

export interface Tracking {
  carrier: string;
  trackingNumber: string;
}

/** `requested`: the owner is gone; the personal data stays only until the order has ended or is delivered. */
export type Erasure = 'none' | 'requested' | 'done';

export interface OrderFacts {
  id: string;
  userId: string;
  /** Null once the owner is erased. */
  email: string | null;
  items: readonly OrderLine[];
  total: Money;
  shippingAddress: Address;
  paymentMethod: string | null;
  reservationExpiresAt: Date;
  createdAt: Date;
  updatedAt: Date;
  /** Counts the changes of status, paymentStatus, fulfillmentStatus and address; the event's `sequence`. */
  version: number;
  /** The sequence of the newest payment event that was applied. */
  paymentSequence: number;
  erasure: Erasure;
}

export type Fulfillment =
  | { fulfillmentStatus: 'unfulfilled'; tracking: null }
  | { fulfillmentStatus: 'shipped' | 'delivered'; tracking: Tracking };

export type CompletedPaymentStatus = 'captured' | 'partially_refunded' | 'refunded';
export type PaymentStatus = 'awaiting' | 'failed' | 'voided' | CompletedPaymentStatus;

export type PendingOrder = OrderFacts & {
  status: 'pending';
  paymentStatus: 'awaiting';
  fulfillmentStatus: 'unfulfilled';
  tracking: null;
  cancelReason: null;
};
export type CompletedOrder = OrderFacts &
  Fulfillment & { status: 'completed'; paymentStatus: CompletedPaymentStatus; cancelReason: null };
export type CancelledOrder = OrderFacts & {
  status: 'cancelled';
  paymentStatus: PaymentStatus;
  fulfillmentStatus: 'unfulfilled';
  tracking: null;
  cancelReason: string;
};

/** The aggregate. Its row alone decides how the saga ends: completed with one capture, or cancelled with none left. */
export type Order = PendingOrder | CompletedOrder | CancelledOrder;

export type OrderStatus = Order['status'];
export const ORDER_STATUSES = ['pending', 'completed', 'cancelled'] as const satisfies readonly OrderStatus[];

/** The state of the payment as payment-service last told it: absolute, so that a newer one makes older ones unnecessary. */
export interface PaymentReport {
  status: 'pending' | Exclude<PaymentStatus, 'awaiting'>;
  captured: Money;
  sequence: number;
}

export type OrderCommand =
  | { type: 'RecordPayment'; payment: PaymentReport }
  | { type: 'ExpireReservation' }
  | { type: 'CancelOrder'; reason: string | null }
  | { type: 'ShipOrder'; tracking: Tracking }
  | { type: 'DeliverOrder' }
  | { type: 'ChangeAddress'; shippingAddress: Address }
  | { type: 'ErasePersonalData' };

export type OrderEvent =
  | { type: 'OrderCompleted'; paymentStatus: CompletedPaymentStatus; paymentSequence: number }
  | { type: 'OrderCancelled'; reason: string; paymentStatus?: 'failed' | 'voided'; paymentSequence?: number }
  | { type: 'PaymentStatusChanged'; paymentStatus: Exclude<PaymentStatus, 'awaiting'>; paymentSequence: number }
  | { type: 'OrderShipped'; tracking: Tracking }
  | { type: 'OrderDelivered' }
  | { type: 'AddressChanged'; shippingAddress: Address }
  | { type: 'PersonalDataErased' };

/** Why a payment report changed nothing although it should fit: an alarm, never a change of the order. */
export type PaymentAlarm = 'amount-mismatch' | 'contradiction';

export type Decision =
  | { outcome: 'changed'; event: OrderEvent }
  | { outcome: 'unchanged'; alarm?: PaymentAlarm }
  | { outcome: 'refused'; refusal: Refusal };

const UNCHANGED: Decision = { outcome: 'unchanged' };
const changed = (event: OrderEvent): Decision => ({ outcome: 'changed', event });
const refused = (refusal: Refusal): Decision => ({ outcome: 'refused', refusal });
const alarmed = (alarm: PaymentAlarm): Decision => ({ outcome: 'unchanged', alarm });

/** Decides what a command does to an order. At most one event: one change, one version, one history row, one message. */
export function decide(order: Order, command: OrderCommand): Decision {
  switch (command.type) {
    case 'RecordPayment':
      return decidePayment(order, command.payment);
    case 'ExpireReservation':
      return order.status === 'pending'
        ? changed({ type: 'OrderCancelled', reason: 'reservation-expired' })
        : UNCHANGED;
    case 'CancelOrder':
      if (order.status === 'cancelled') return UNCHANGED;
      if (order.fulfillmentStatus !== 'unfulfilled') return refused(notCancellable(order));
      return changed({ type: 'OrderCancelled', reason: command.reason ?? 'customer' });
    case 'ShipOrder':
      if (order.status !== 'completed' || order.fulfillmentStatus !== 'unfulfilled')
        return refused(wrongState(order, 'completed and unfulfilled'));
      return changed({ type: 'OrderShipped', tracking: command.tracking });
    case 'DeliverOrder':
      if (order.fulfillmentStatus !== 'shipped') return refused(wrongState(order, 'completed and shipped'));
      return changed({ type: 'OrderDelivered' });
    case 'ChangeAddress':
      if (order.status === 'cancelled' || order.fulfillmentStatus !== 'unfulfilled')
        return refused(wrongState(order, 'pending or completed, and unfulfilled'));
      if (isSameAddress(order.shippingAddress, command.shippingAddress)) return UNCHANGED;
      return changed({ type: 'AddressChanged', shippingAddress: command.shippingAddress });
    case 'ErasePersonalData':
      return order.erasure !== 'done' && hasEnded(order) ? changed({ type: 'PersonalDataErased' }) : UNCHANGED;
    default:
      return command satisfies never;
  }
}

/** Policy: when a payment is captured then complete the order; when it failed then cancel it; a later state is only noted. */
function decidePayment(order: Order, payment: PaymentReport): Decision {
  if (payment.sequence <= order.paymentSequence || payment.status === 'pending') return UNCHANGED;
  const { status: paymentStatus, sequence: paymentSequence } = payment;
  const isCapture = paymentStatus !== 'failed' && paymentStatus !== 'voided';
  switch (order.status) {
    case 'pending':
      if (!isCapture)
        return changed({ type: 'OrderCancelled', reason: 'payment-failed', paymentStatus, paymentSequence });
      // A wrong amount never completes an order: its expiry cancels it, and what was captured is refunded.
      if (!isSameMoney(payment.captured, order.total)) return alarmed('amount-mismatch');
      return changed({ type: 'OrderCompleted', paymentStatus, paymentSequence });
    case 'completed':
      if (!isCapture) return alarmed('contradiction');
      break;
    case 'cancelled':
      break;
    default:
      return order satisfies never;
  }
  return order.paymentStatus === paymentStatus
    ? UNCHANGED
    : changed({ type: 'PaymentStatusChanged', paymentStatus, paymentSequence });
}

/** Applies an event. `at` is the time of the change. */
export function evolve(order: Order, event: OrderEvent, at: Date): Order {
  const next = { ...order, version: order.version + 1, updatedAt: at };
  switch (event.type) {
    case 'OrderCompleted': {
      const { paymentStatus, paymentSequence } = event;
      return { ...next, ...UNFULFILLED, status: 'completed', cancelReason: null, paymentStatus, paymentSequence };
    }
    case 'OrderCancelled': {
      const paymentStatus = event.paymentStatus ?? order.paymentStatus;
      const paymentSequence = event.paymentSequence ?? order.paymentSequence;
      return {
        ...next,
        ...UNFULFILLED,
        status: 'cancelled',
        cancelReason: event.reason,
        paymentStatus,
        paymentSequence,
      };
    }
    case 'PaymentStatusChanged':
      return { ...next, paymentStatus: event.paymentStatus, paymentSequence: event.paymentSequence } as Order;
    case 'OrderShipped':
      return { ...next, fulfillmentStatus: 'shipped', tracking: event.tracking } as CompletedOrder;
    case 'OrderDelivered':
      return { ...next, fulfillmentStatus: 'delivered' } as CompletedOrder;
    case 'AddressChanged':
      return { ...next, shippingAddress: event.shippingAddress };
    case 'PersonalDataErased':
      return { ...next, email: null, shippingAddress: blankAddress(order.shippingAddress), erasure: 'done' };
    default:
      return event satisfies never;
  }
}

export const UNFULFILLED = { fulfillmentStatus: 'unfulfilled', tracking: null } as const;

/** Nobody needs the address any more: the order is cancelled, or its goods have arrived. */
export function hasEnded(order: Order): boolean {
  return order.status === 'cancelled' || order.fulfillmentStatus === 'delivered';
}

/** What product-service must have done with the stock when the order is in this state; undefined while it is open. */
export function stockOutcomesOf(status: OrderStatus): readonly string[] {
  switch (status) {
    case 'pending':
      return [];
    case 'completed':
      return ['committed'];
    case 'cancelled':
      return ['released', 'restocked'];
    default:
      return status satisfies never;
  }
}

/** The payment's end fits the order's end: nothing is left to charge, to void or to refund. */
export const SETTLED_PAYMENT_STATUSES: Readonly<Record<OrderStatus, readonly PaymentStatus[]>> = {
  pending: [],
  completed: ['captured', 'partially_refunded', 'refunded'],
  cancelled: ['failed', 'voided', 'refunded'],
};

export function isPaymentSettled(order: Pick<Order, 'status' | 'paymentStatus'>): boolean {
  return SETTLED_PAYMENT_STATUSES[order.status].includes(order.paymentStatus);
}

function blankAddress(address: Address): Address {
  const blank = (text: string | null) => (text === null ? null : '');
  const { line2, phone } = address;
  return { name: '', line1: '', line2: blank(line2), city: '', postalCode: '', country: '', phone: blank(phone) };
}

function isSameMoney(one: Money, other: Money): boolean {
  return one.amount === other.amount && one.currency === other.currency;
}

function isSameAddress(one: Address, other: Address): boolean {
  return (
    one.name === other.name &&
    one.line1 === other.line1 &&
    one.line2 === other.line2 &&
    one.city === other.city &&
    one.postalCode === other.postalCode &&
    one.country === other.country &&
    one.phone === other.phone
  );
}

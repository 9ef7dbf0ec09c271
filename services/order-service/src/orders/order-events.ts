import { type CloudEvent, createEvent, type EventData, type EventType } from '@souk/contracts';
import type { Order, OrderEvent, PendingOrder } from './order.ts';

export type OrderEventType = Extract<EventType, `order.${string}`>;

/** What an order's change is told with. The trace that caused it joins on the way into the outbox. */
export interface EventStamp {
  id: string;
  at: Date;
}

export interface OrderMessage {
  type: OrderEventType;
  /** The fields of the order that changed, as in `order.updated`. */
  changed: readonly string[];
  event: CloudEvent;
}

/** The message of a placed order. */
export function toOrderCreated(order: PendingOrder, stamp: EventStamp): OrderMessage {
  const data: EventData<'order.created'> = {
    ...orderContext(order),
    ...itemsAndTotal(order),
    paymentMethod: order.paymentMethod,
    reservationExpiresAt: order.reservationExpiresAt.toISOString(),
  };
  return message(order, stamp, { type: 'order.created', changed: ['status'], data });
}

/** The message of a change; `after` is the state it tells of. */
export function toOrderMessage(change: { event: OrderEvent; after: Order }, stamp: EventStamp): OrderMessage {
  const { event, after } = change;
  switch (event.type) {
    case 'OrderCompleted':
      return message(after, stamp, {
        type: 'order.completed',
        changed: ['status', 'paymentStatus'],
        data: { ...orderContext(after), ...itemsAndTotal(after), shippingAddress: after.shippingAddress },
      });
    case 'OrderCancelled':
      return message(after, stamp, {
        type: 'order.cancelled',
        changed: event.paymentStatus ? ['status', 'paymentStatus'] : ['status'],
        data: { ...orderContext(after), ...itemsAndTotal(after), reason: event.reason },
      });
    case 'OrderShipped':
      return message(after, stamp, {
        type: 'order.shipped',
        changed: ['fulfillmentStatus', 'tracking'],
        data: { ...orderContext(after), ...trackingOf(after) },
      });
    case 'OrderDelivered':
      return message(after, stamp, {
        type: 'order.delivered',
        changed: ['fulfillmentStatus'],
        data: { ...orderContext(after), ...trackingOf(after) },
      });
    case 'PaymentStatusChanged':
      return updated(after, stamp, ['paymentStatus']);
    case 'AddressChanged':
      return updated(after, stamp, ['shippingAddress']);
    case 'PersonalDataErased':
      return updated(after, stamp, ['email', 'shippingAddress']);
    default:
      return event satisfies never;
  }
}

function updated(order: Order, stamp: EventStamp, changed: string[]): OrderMessage {
  return message(order, stamp, { type: 'order.updated', changed, data: { ...orderContext(order), changed } });
}

interface MessageContent<T extends OrderEventType> {
  type: T;
  changed: readonly string[];
  data: EventData<T>;
}

function message<T extends OrderEventType>(order: Order, stamp: EventStamp, content: MessageContent<T>): OrderMessage {
  const { type, changed, data } = content;
  const event = createEvent({
    id: stamp.id,
    type,
    subject: order.id,
    time: stamp.at,
    sequence: order.version,
    data,
  });
  return { type, changed, event: event as CloudEvent };
}

function orderContext(order: Order) {
  const { id: orderId, userId, email, shippingAddress } = order;
  return { orderId, userId, email, name: shippingAddress.name, phone: shippingAddress.phone };
}

function itemsAndTotal(order: Order) {
  return { items: [...order.items], total: order.total };
}

function trackingOf(order: Order) {
  return { carrier: order.tracking?.carrier ?? '', trackingNumber: order.tracking?.trackingNumber ?? '' };
}

import { z } from 'zod';
import { addressSchema } from './address.ts';
import { moneySchema } from './money.ts';

const id = z.string().min(1).max(64);
const time = z.string().min(1).max(40);

/** Every event of an order or a payment says whose order it is, so that a consumer needs no question back. */
const orderContext = {
  orderId: id,
  userId: id,
  email: z.string().nullable(),
  name: z.string(),
  phone: z.string().nullish(),
};

export const orderItemSchema = z.object({
  productId: id,
  sku: z.string(),
  name: z.string(),
  quantity: z.int().min(1),
  unitPrice: moneySchema,
  lineTotal: moneySchema,
});

const order = { ...orderContext, items: z.array(orderItemSchema), total: moneySchema };

export const paymentStatuses = ['pending', 'captured', 'failed', 'voided', 'refunded', 'partially_refunded'] as const;

const payment = {
  ...orderContext,
  paymentId: id,
  status: z.enum(paymentStatuses),
  amount: moneySchema,
  /** What was ever captured and refunded, both absolute, so that the newest event tells everything. */
  captured: moneySchema,
  refunded: moneySchema,
  failureCode: z.string().nullish(),
  refundId: id.nullish(),
  /** What this one refund gave back; `refunded` is the sum of all. */
  refundAmount: moneySchema.nullish(),
};

const user = { userId: id, email: z.string(), name: z.string() };

/** The data of every event, by wire type. Additive changes keep the version; unknown fields are ignored (z.object strips them). */
export const eventDataSchemas = {
  'user.registered': z.object(user),
  'user.password_reset_requested': z.object({ ...user, sealedToken: z.string(), expiresAt: time }),
  'user.deleted': z.object({ userId: id }),
  'product.updated': z.object({ productId: id, version: z.int() }),
  'product.deleted': z.object({ productId: id, version: z.int() }),
  'inventory.low_stock': z.object({
    productId: id,
    sku: z.string(),
    name: z.string(),
    available: z.int(),
    threshold: z.int(),
  }),
  'inventory.reservation_expired': z.object({ orderId: id }),
  'order.created': z.object({ ...order, paymentMethod: z.string().nullish(), reservationExpiresAt: time }),
  'order.completed': z.object({ ...order, shippingAddress: addressSchema }),
  'order.cancelled': z.object({ ...order, reason: z.string() }),
  'order.shipped': z.object({ ...orderContext, carrier: z.string(), trackingNumber: z.string() }),
  'order.delivered': z.object({ ...orderContext, carrier: z.string(), trackingNumber: z.string() }),
  'order.updated': z.object({ ...orderContext, changed: z.array(z.string()) }),
  'payment.completed': z.object(payment),
  'payment.failed': z.object(payment),
  'payment.voided': z.object(payment),
  'payment.refunded': z.object(payment),
  'notification.sent': z.object({ orderId: id.nullish(), channel: z.enum(['email', 'sms']), template: z.string() }),
} as const;

export type EventType = keyof typeof eventDataSchemas;
export type EventData<T extends EventType> = z.infer<(typeof eventDataSchemas)[T]>;

/** The version in `dataschema` that this build reads and writes. */
export const EVENT_VERSION = 1;

export interface EventContract {
  producer: string;
  consumers: readonly string[];
  summary: string;
}

/** Who says it and who listens. The topology is derived from this table alone. */
export const EVENTS: Record<EventType, EventContract> = {
  'user.registered': {
    producer: 'user-service',
    consumers: ['notification-service'],
    summary: 'An account was created',
  },
  'user.password_reset_requested': {
    producer: 'user-service',
    consumers: ['notification-service'],
    summary: 'A reset link was asked for',
  },
  'user.deleted': {
    producer: 'user-service',
    consumers: ['order-service', 'payment-service', 'notification-service'],
    summary: 'Personal data must be erased',
  },
  'product.updated': { producer: 'product-service', consumers: [], summary: 'A product changed' },
  'product.deleted': { producer: 'product-service', consumers: [], summary: 'A product was withdrawn' },
  'inventory.low_stock': {
    producer: 'product-service',
    consumers: ['notification-service'],
    summary: 'Available stock fell to the threshold',
  },
  'inventory.reservation_expired': {
    producer: 'product-service',
    consumers: ['order-service'],
    summary: 'A reservation is past its time; the order decides',
  },
  'order.created': {
    producer: 'order-service',
    consumers: ['payment-service'],
    summary: 'An order was placed and its stock is reserved',
  },
  'order.completed': {
    producer: 'order-service',
    consumers: ['product-service', 'notification-service'],
    summary: 'An order is paid',
  },
  'order.cancelled': {
    producer: 'order-service',
    consumers: ['product-service', 'payment-service', 'notification-service'],
    summary: 'An order was cancelled',
  },
  'order.shipped': {
    producer: 'order-service',
    consumers: ['notification-service'],
    summary: 'An order left the warehouse',
  },
  'order.delivered': { producer: 'order-service', consumers: ['notification-service'], summary: 'An order arrived' },
  'order.updated': { producer: 'order-service', consumers: [], summary: 'Another field of an order changed' },
  'payment.completed': {
    producer: 'payment-service',
    consumers: ['order-service', 'notification-service'],
    summary: 'The charge was captured',
  },
  'payment.failed': {
    producer: 'payment-service',
    consumers: ['order-service', 'notification-service'],
    summary: 'The charge was declined',
  },
  'payment.voided': {
    producer: 'payment-service',
    consumers: ['order-service'],
    summary: 'The payment ended without a capture',
  },
  'payment.refunded': {
    producer: 'payment-service',
    consumers: ['order-service', 'notification-service'],
    summary: 'Money went back, wholly or in part',
  },
  'notification.sent': {
    producer: 'notification-service',
    consumers: ['order-service'],
    summary: 'A message reached the mail or SMS provider',
  },
};

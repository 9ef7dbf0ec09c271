import { type Address, addressSchema } from '@souk/contracts';
import type { Erasure, Order, OrderLine, OrderStatus, PaymentStatus } from './order.ts';

/** A row of `orders` with its lines, as pg reads it. */
export interface OrderRow {
  id: string;
  user_id: string;
  email: string | null;
  status: OrderStatus;
  payment_status: PaymentStatus;
  fulfillment_status: Order['fulfillmentStatus'];
  /** bigint: pg gives text. */
  total_amount: string;
  currency: string;
  shipping_address: unknown;
  payment_method: string | null;
  cancel_reason: string | null;
  carrier: string | null;
  tracking_number: string | null;
  reservation_expires_at: Date;
  version: number;
  payment_sequence: number;
  timeline_sequence: number;
  erasure: Erasure;
  stock_outcome: string | null;
  stock_settle_after: Date | null;
  redrive_after: Date | null;
  created_at: Date;
  updated_at: Date;
  lines: LineRow[];
}

interface LineRow {
  product_id: string;
  sku: string;
  name: string;
  quantity: number;
  unit_price_amount: number;
  line_total_amount: number;
}

/** What a SELECT from `orders o` lists so that `fromRow` understands it. */
export const ORDER_COLUMNS = `o.id, o.user_id, o.email, o.status, o.payment_status, o.fulfillment_status, o.total_amount,
  o.currency, o.shipping_address, o.payment_method, o.cancel_reason, o.carrier, o.tracking_number,
  o.reservation_expires_at, o.version, o.payment_sequence, o.timeline_sequence, o.erasure, o.stock_outcome,
  o.stock_settle_after, o.redrive_after, o.created_at, o.updated_at,
  (SELECT json_agg(json_build_object('product_id', l.product_id, 'sku', l.sku, 'name', l.name, 'quantity', l.quantity,
     'unit_price_amount', l.unit_price_amount, 'line_total_amount', l.line_total_amount) ORDER BY l.position)
   FROM order_lines l WHERE l.order_id = o.id) AS lines`;

/** An order with what the saga notes beside it. */
export interface OrderRecord {
  order: Order;
  timelineSequence: number;
  stockOutcome: string | null;
  stockSettleAfter: Date | null;
  redriveAfter: Date | null;
}

export function toOrder(row: OrderRow): Order {
  // The columns' combinations are held by the CHECK constraints orders_allowed_states and orders_tracking_when_shipped.
  return {
    id: row.id,
    userId: row.user_id,
    email: row.email,
    items: row.lines.map((line) => toLine(line, row.currency)),
    total: { amount: Number(row.total_amount), currency: row.currency },
    shippingAddress: toAddress(row.shipping_address),
    paymentMethod: row.payment_method,
    reservationExpiresAt: row.reservation_expires_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
    paymentSequence: row.payment_sequence,
    erasure: row.erasure,
    status: row.status,
    paymentStatus: row.payment_status,
    fulfillmentStatus: row.fulfillment_status,
    tracking: row.carrier === null ? null : { carrier: row.carrier, trackingNumber: row.tracking_number ?? '' },
    cancelReason: row.cancel_reason,
  } as Order;
}

export function toOrderRecord(row: OrderRow): OrderRecord {
  return {
    order: toOrder(row),
    timelineSequence: row.timeline_sequence,
    stockOutcome: row.stock_outcome,
    stockSettleAfter: row.stock_settle_after,
    redriveAfter: row.redrive_after,
  };
}

/** The columns that change, in the names of `orders`; JSON.stringify turns times into ISO text. */
export function toChangedColumns(record: OrderRecord, versionBefore: number) {
  const { order } = record;
  return {
    id: order.id,
    version_before: versionBefore,
    email: order.email,
    status: order.status,
    payment_status: order.paymentStatus,
    fulfillment_status: order.fulfillmentStatus,
    shipping_address: order.shippingAddress,
    cancel_reason: order.cancelReason,
    carrier: order.tracking?.carrier ?? null,
    tracking_number: order.tracking?.trackingNumber ?? null,
    version: order.version,
    payment_sequence: order.paymentSequence,
    timeline_sequence: record.timelineSequence,
    erasure: order.erasure,
    stock_outcome: record.stockOutcome,
    stock_settle_after: record.stockSettleAfter,
    redrive_after: record.redriveAfter,
    updated_at: order.updatedAt,
  };
}

/** The columns of a new order. */
export function toNewColumns(record: OrderRecord) {
  const { order } = record;
  return {
    ...toChangedColumns(record, 0),
    user_id: order.userId,
    total_amount: order.total.amount,
    currency: order.total.currency,
    payment_method: order.paymentMethod,
    reservation_expires_at: order.reservationExpiresAt,
    created_at: order.createdAt,
  };
}

export function toLineColumns(line: OrderLine, position: number) {
  return {
    position,
    product_id: line.productId,
    sku: line.sku,
    name: line.name,
    quantity: line.quantity,
    unit_price_amount: line.unitPrice.amount,
    line_total_amount: line.lineTotal.amount,
  };
}

function toLine(row: LineRow, currency: string): OrderLine {
  return {
    productId: row.product_id,
    sku: row.sku,
    name: row.name,
    quantity: row.quantity,
    unitPrice: { amount: row.unit_price_amount, currency },
    lineTotal: { amount: row.line_total_amount, currency },
  };
}

function toAddress(stored: unknown): Address {
  return addressSchema.parse(stored);
}

import assert from 'node:assert';
import { type Address, type Money, sumMoney } from '@souk/contracts';
import { type OrderLine, type PendingOrder, UNFULFILLED } from './order.ts';

export interface NewOrder {
  id: string;
  userId: string;
  email: string;
  items: readonly OrderLine[];
  shippingAddress: Address;
  paymentMethod: string | null;
  reservationExpiresAt: Date;
  placedAt: Date;
}

/** A placed order: pending, version 1, its total the sum of the reserved prices. */
export function placeNewOrder(order: NewOrder): PendingOrder {
  const { id, userId, email, items, shippingAddress, paymentMethod, reservationExpiresAt, placedAt } = order;
  return {
    id,
    userId,
    email,
    items,
    total: totalOf(items),
    shippingAddress,
    paymentMethod,
    reservationExpiresAt,
    createdAt: placedAt,
    updatedAt: placedAt,
    version: 1,
    paymentSequence: 0,
    erasure: 'none',
    status: 'pending',
    paymentStatus: 'awaiting',
    cancelReason: null,
    ...UNFULFILLED,
  };
}

export type UnpricedLine = Omit<OrderLine, 'lineTotal'>;

export function priceLine(line: UnpricedLine): OrderLine {
  const { productId, sku, name, quantity, unitPrice } = line;
  const lineTotal = { amount: unitPrice.amount * quantity, currency: unitPrice.currency };
  return { productId, sku, name, quantity, unitPrice, lineTotal };
}

function totalOf(items: readonly OrderLine[]): Money {
  assert(items[0], 'An order has at least one line');
  const { currency } = items[0].lineTotal;
  return sumMoney(
    items.map((line) => line.lineTotal),
    currency,
  );
}

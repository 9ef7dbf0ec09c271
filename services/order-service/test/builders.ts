import type { Address, Money } from '@souk/contracts';
import { placeNewOrder, priceLine } from '../src/orders/new-order.ts';
import { evolve, type Order, type OrderEvent, type PendingOrder } from '../src/orders/order.ts';

export const ORDER_ID = '019ab000-0000-7000-8000-000000000001';
export const USER_ID = '019ab000-0000-7000-8000-000000000002';
export const PRODUCT_ID = '019ab000-0000-7000-8000-000000000003';
export const OTHER_PRODUCT_ID = '019ab000-0000-7000-8000-000000000004';
export const NOW = new Date('2026-11-22T12:00:00.000Z');

export const euros = (amount: number): Money => ({ amount, currency: 'EUR' });

export function anAddress(overrides: Partial<Address> = {}): Address {
  return {
    name: 'Ada Lovelace',
    line1: '12 St James Square',
    line2: null,
    city: 'London',
    postalCode: 'SW1Y 4JH',
    country: 'GB',
    phone: '+44 20 7946 0000',
    ...overrides,
  };
}

export function anOrder(overrides: Partial<Parameters<typeof placeNewOrder>[0]> = {}): PendingOrder {
  return placeNewOrder({
    id: ORDER_ID,
    userId: USER_ID,
    email: 'ada@souk.example',
    items: [
      priceLine({ productId: PRODUCT_ID, sku: 'TEA-001', name: 'Mountain tea', quantity: 2, unitPrice: euros(1299) }),
      priceLine({ productId: OTHER_PRODUCT_ID, sku: 'CUP-001', name: 'Cup', quantity: 1, unitPrice: euros(402) }),
    ],
    shippingAddress: anAddress(),
    paymentMethod: 'tok_ok',
    reservationExpiresAt: new Date(NOW.getTime() + 900_000),
    placedAt: NOW,
    ...overrides,
  });
}

/** The order after what has happened to it. */
export function after(order: Order, ...events: OrderEvent[]): Order {
  return events.reduce((state, event) => evolve(state, event, NOW), order);
}

export const completed: OrderEvent = { type: 'OrderCompleted', paymentStatus: 'captured', paymentSequence: 1 };
export const cancelled: OrderEvent = { type: 'OrderCancelled', reason: 'customer' };
export const shipped: OrderEvent = {
  type: 'OrderShipped',
  tracking: { carrier: 'DHL', trackingNumber: '00340434161094042557' },
};
export const delivered: OrderEvent = { type: 'OrderDelivered' };

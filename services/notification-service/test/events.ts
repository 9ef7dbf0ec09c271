import { type CloudEvent, createEvent, type EventData, type EventType } from '@souk/contracts';
import { newId } from '@souk/service-runtime';

export const ORDER_ID = '0198c0de-0000-7000-8000-00000000000a';
export const USER_ID = '0198c0de-0000-7000-8000-00000000000b';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const person = { userId: USER_ID, email: 'ada@souk.example', name: 'Ada Lovelace' };
const order = {
  ...person,
  orderId: ORDER_ID,
  phone: '+49 30 1234567',
  items: [
    {
      productId: '0198c0de-0000-7000-8000-00000000000c',
      sku: 'LAMP-1',
      name: 'Lantern <brass & glass>',
      quantity: 2,
      unitPrice: eur(1999),
      lineTotal: eur(3998),
    },
  ],
  total: eur(3998),
};
const payment = {
  ...person,
  orderId: ORDER_ID,
  paymentId: '0198c0de-0000-7000-8000-00000000000d',
  amount: eur(3998),
  captured: eur(3998),
};
const shipment = { ...person, orderId: ORDER_ID, phone: order.phone, carrier: 'DHL', trackingNumber: 'JD0146' };

/** The data of one event of each type that leads to messages. */
export const EVENT_DATA = {
  'user.registered': person,
  'user.password_reset_requested': { ...person, sealedToken: 'sealed', expiresAt: '2099-01-01T00:00:00.000Z' },
  'payment.completed': { ...payment, status: 'captured', refunded: eur(0) },
  'order.completed': {
    ...order,
    shippingAddress: {
      name: 'Ada Lovelace',
      line1: '12 St James’s Square',
      line2: null,
      city: 'London',
      postalCode: 'SW1Y 4JH',
      country: 'GB',
      phone: null,
    },
  },
  'order.cancelled': { ...order, reason: 'payment-failed' },
  'order.shipped': shipment,
  'order.delivered': shipment,
  'payment.refunded': {
    ...payment,
    status: 'partially_refunded',
    refunded: eur(1500),
    refundId: '0198c0de-0000-7000-8000-00000000000e',
    refundAmount: eur(500),
  },
  'inventory.low_stock': {
    productId: '0198c0de-0000-7000-8000-00000000000c',
    sku: 'LAMP-1',
    name: 'Lantern <brass & glass>',
    available: 3,
    threshold: 5,
  },
} as const satisfies { [T in EventType]?: EventData<T> };

export type SampleType = keyof typeof EVENT_DATA;

/** An event as its producer would publish it. */
export function anEvent<T extends SampleType>(type: T, overrides: Partial<EventData<T>> = {}): CloudEvent<T> {
  const data = { ...EVENT_DATA[type], ...overrides } as unknown as EventData<T>;
  return createEvent({
    id: newId(),
    type,
    subject: 'orderId' in data ? String(data.orderId) : USER_ID,
    time: new Date(),
    data,
  });
}

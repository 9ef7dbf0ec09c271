import type { EventData } from '@souk/contracts';
import type { AnnouncedType, TEMPLATE_OF, Template } from '../deliveries/delivery.ts';

const eur = (amount: number) => ({ amount, currency: 'EUR' });

const person = { userId: '0198c0de-0000-7000-8000-000000000001', email: 'ada@souk.example', name: 'Ada Lovelace' };

const order = {
  ...person,
  orderId: '0198c0de-0000-7000-8000-000000000002',
  phone: '+44 20 79460000',
  items: [
    {
      productId: '0198c0de-0000-7000-8000-000000000003',
      sku: 'LANTERN-BRASS',
      name: 'Brass lantern with coloured glass',
      quantity: 2,
      unitPrice: eur(4950),
      lineTotal: eur(9900),
    },
    {
      productId: '0198c0de-0000-7000-8000-000000000004',
      sku: 'TEA-MINT-100',
      name: 'Mint tea, 100 g',
      quantity: 1,
      unitPrice: eur(690),
      lineTotal: eur(690),
    },
  ],
  total: eur(10590),
};

const payment = {
  ...person,
  orderId: order.orderId,
  paymentId: '0198c0de-0000-7000-8000-000000000005',
  amount: order.total,
  captured: order.total,
};

const shipment = {
  ...person,
  orderId: order.orderId,
  phone: order.phone,
  carrier: 'DHL',
  trackingNumber: 'JD014600006281230704',
};

type ContentOf<T extends Template> = {
  [E in AnnouncedType]: (typeof TEMPLATE_OF)[E] extends T ? EventData<E> : never;
}[AnnouncedType];

/** Believable content for each template, to look at what customers get. */
export const PREVIEW_CONTENT: { [T in Template]: ContentOf<T> } = {
  welcome: person,
  'password-reset': { ...person, sealedToken: 'sealed', expiresAt: '2026-11-22T13:00:00.000Z' },
  receipt: { ...payment, status: 'captured', refunded: eur(0) },
  confirmation: {
    ...order,
    shippingAddress: {
      name: 'Ada Lovelace',
      line1: '12 St James’s Square',
      line2: null,
      city: 'London',
      postalCode: 'SW1Y 4JH',
      country: 'GB',
      phone: order.phone,
    },
  },
  cancellation: { ...order, reason: 'payment-failed' },
  shipped: shipment,
  delivered: shipment,
  refund: {
    ...payment,
    status: 'partially_refunded',
    refunded: eur(4950),
    refundId: '0198c0de-0000-7000-8000-000000000006',
    refundAmount: eur(4950),
  },
  'low-stock': {
    productId: '0198c0de-0000-7000-8000-000000000003',
    sku: 'LANTERN-BRASS',
    name: 'Brass lantern with coloured glass',
    available: 3,
    threshold: 5,
  },
};

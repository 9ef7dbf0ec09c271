/** The order of the examples in the API reference. */
export const anOrderExample = {
  id: '019ab000-0000-7000-8000-000000000001',
  userId: '019ab000-0000-7000-8000-000000000002',
  email: 'customer@souk.example',
  status: 'pending',
  paymentStatus: 'awaiting',
  fulfillmentStatus: 'unfulfilled',
  items: [
    {
      productId: '019ab000-0000-7000-8000-000000000003',
      sku: 'TEA-001',
      name: 'Mountain tea',
      quantity: 2,
      unitPrice: { amount: 1299, currency: 'EUR' },
      lineTotal: { amount: 2598, currency: 'EUR' },
    },
  ],
  total: { amount: 2598, currency: 'EUR' },
  shippingAddress: {
    name: 'Ada Lovelace',
    line1: '12 St James Square',
    line2: null,
    city: 'London',
    postalCode: 'SW1Y 4JH',
    country: 'GB',
    phone: null,
  },
  paymentMethod: 'tok_ok',
  cancelReason: null,
  tracking: null,
  createdAt: '2026-11-22T12:00:00.000Z',
  updatedAt: '2026-11-22T12:00:00.000Z',
  version: 1,
};

export const anInternalOrderExample = {
  ...anOrderExample,
  contact: { email: 'customer@souk.example', name: 'Ada Lovelace', phone: null },
  reservationExpiresAt: '2026-11-22T12:15:00.000Z',
};

export const aPlaceOrderExample = {
  items: [{ productId: '019ab000-0000-7000-8000-000000000003', quantity: 2 }],
  shippingAddress: {
    name: 'Ada Lovelace',
    line1: '12 St James Square',
    city: 'London',
    postalCode: 'SW1Y 4JH',
    country: 'GB',
  },
  paymentMethod: 'tok_ok',
};

export const aTimelineExample = {
  items: [
    {
      sequence: 1,
      at: '2026-11-22T12:00:00.000Z',
      type: 'order.created',
      data: {
        version: 1,
        status: 'pending',
        paymentStatus: 'awaiting',
        fulfillmentStatus: 'unfulfilled',
        total: { amount: 2598, currency: 'EUR' },
      },
    },
    {
      sequence: 2,
      at: '2026-11-22T12:00:00.030Z',
      type: 'notification.sent',
      data: { channel: 'email', template: 'receipt' },
    },
  ],
  nextCursor: null,
  total: 2,
};

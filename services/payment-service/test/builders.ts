import type { PendingPayment } from '../src/payments/payment.ts';

/** A payment of 19.99 EUR that nobody has asked the provider about. */
export function aPendingPayment(overrides: Partial<PendingPayment> = {}): PendingPayment {
  return {
    id: '0198c0de-0000-7000-8000-000000000001',
    orderId: '0198c0de-0000-7000-8000-000000000002',
    userId: '0198c0de-0000-7000-8000-000000000003',
    contact: { email: 'ada@souk.example', name: 'Ada', phone: null },
    amount: { amount: 1999, currency: 'EUR' },
    createdAt: new Date('2026-01-01T00:00:00Z'),
    version: 0,
    cancelled: false,
    captured: 0,
    refundReserved: 0,
    refunded: 0,
    status: 'pending',
    paymentMethod: 'tok_ok',
    reservationExpiresAt: new Date('2026-01-01T00:15:00Z'),
    tried: false,
    ...overrides,
  };
}

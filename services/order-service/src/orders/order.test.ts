import { describe, expect, it } from 'vitest';
import {
  after,
  anAddress,
  anOrder,
  cancelled,
  completed,
  delivered,
  euros,
  NOW,
  shipped,
} from '../../test/builders.ts';
import { decide, evolve, isPaymentSettled, type Order, type OrderCommand, type PaymentReport } from './order.ts';

const payment = (status: PaymentReport['status'], sequence = 2, captured = euros(3000)): OrderCommand => ({
  type: 'RecordPayment',
  payment: { status, captured, sequence },
});

function when(order: Order, command: OrderCommand) {
  const decision = decide(order, command);
  return {
    decision,
    event: decision.outcome === 'changed' ? decision.event : undefined,
    code: decision.outcome === 'refused' ? decision.refusal.code : undefined,
    order: decision.outcome === 'changed' ? evolve(order, decision.event, NOW) : order,
  };
}

describe('a pending order', () => {
  it('costs the sum of the reserved prices', () => {
    expect(anOrder().total).toEqual(euros(3000));
    expect(anOrder()).toMatchObject({ status: 'pending', paymentStatus: 'awaiting', version: 1 });
  });

  it('is completed by a capture of its total', () => {
    const { order } = when(anOrder(), payment('captured'));
    expect(order).toMatchObject({ status: 'completed', paymentStatus: 'captured', version: 2, paymentSequence: 2 });
  });

  it('is completed as refunded when the refund is heard of first', () => {
    const { order } = when(anOrder(), payment('partially_refunded', 3));
    expect(order).toMatchObject({ status: 'completed', paymentStatus: 'partially_refunded' });
  });

  it('is never completed by another amount or another currency', () => {
    for (const captured of [euros(2999), euros(3001), { amount: 3000, currency: 'USD' }])
      expect(when(anOrder(), payment('captured', 2, captured)).decision).toEqual({
        outcome: 'unchanged',
        alarm: 'amount-mismatch',
      });
  });

  it('is cancelled when its payment fails or is voided', () => {
    for (const status of ['failed', 'voided'] as const)
      expect(when(anOrder(), payment(status, 2, euros(0))).order).toMatchObject({
        status: 'cancelled',
        paymentStatus: status,
        cancelReason: 'payment-failed',
      });
  });

  it('is cancelled when its reservation expires', () => {
    expect(when(anOrder(), { type: 'ExpireReservation' }).order.cancelReason).toBe('reservation-expired');
  });

  it('is cancelled for the reason given, else for the customer', () => {
    expect(when(anOrder(), { type: 'CancelOrder', reason: 'too late' }).order.cancelReason).toBe('too late');
    expect(when(anOrder(), { type: 'CancelOrder', reason: null }).order.cancelReason).toBe('customer');
  });

  it('is neither shipped nor delivered', () => {
    const tracking = { carrier: 'DHL', trackingNumber: '1' };
    expect(when(anOrder(), { type: 'ShipOrder', tracking }).code).toBe('wrong-state');
    expect(when(anOrder(), { type: 'DeliverOrder' }).code).toBe('wrong-state');
  });
});

describe('a completed order', () => {
  const order = after(anOrder(), completed);

  it('ignores a late expiry of its reservation', () => {
    expect(when(order, { type: 'ExpireReservation' }).decision).toEqual({ outcome: 'unchanged' });
  });

  it('can be cancelled while it is unfulfilled, and waits for its refund', () => {
    const result = when(order, { type: 'CancelOrder', reason: null }).order;
    expect(result).toMatchObject({ status: 'cancelled', paymentStatus: 'captured' });
    expect(isPaymentSettled(result)).toBe(false);
    expect(isPaymentSettled(when(result, payment('refunded')).order)).toBe(true);
  });

  it('notes refunds that an administrator gave, and stays completed', () => {
    const result = when(order, payment('partially_refunded')).order;
    expect(result).toMatchObject({ status: 'completed', paymentStatus: 'partially_refunded', version: 3 });
    expect(when(result, payment('refunded', 3)).order).toMatchObject({
      status: 'completed',
      paymentStatus: 'refunded',
    });
  });

  it('skips payment events that are not newer than the last applied', () => {
    expect(when(order, payment('refunded', 1)).decision).toEqual({ outcome: 'unchanged' });
  });

  it('raises an alarm for a payment that failed after it was captured', () => {
    expect(when(order, payment('failed')).decision).toEqual({ outcome: 'unchanged', alarm: 'contradiction' });
  });

  it('is shipped once, then delivered once, and cannot be cancelled on its way', () => {
    const onItsWay = after(order, shipped);
    expect(onItsWay).toMatchObject({ fulfillmentStatus: 'shipped', tracking: { carrier: 'DHL' } });
    expect(when(onItsWay, { type: 'CancelOrder', reason: null }).code).toBe('not-cancellable');
    expect(when(onItsWay, { type: 'ShipOrder', tracking: { carrier: 'UPS', trackingNumber: '2' } }).code).toBe(
      'wrong-state',
    );
    const arrived = when(onItsWay, { type: 'DeliverOrder' }).order;
    expect(arrived.fulfillmentStatus).toBe('delivered');
    expect(when(arrived, { type: 'DeliverOrder' }).code).toBe('wrong-state');
    expect(when(arrived, { type: 'CancelOrder', reason: null }).code).toBe('not-cancellable');
  });
});

describe('a cancelled order', () => {
  const order = after(anOrder(), cancelled);

  it('stays as it is when it is cancelled again', () => {
    expect(when(order, { type: 'CancelOrder', reason: 'again' }).decision).toEqual({ outcome: 'unchanged' });
  });

  it('notes a late capture, whatever its amount, and then its refund', () => {
    const captured = when(order, payment('captured', 1, euros(1))).order;
    expect(captured).toMatchObject({ status: 'cancelled', paymentStatus: 'captured' });
    expect(isPaymentSettled(captured)).toBe(false);
    expect(isPaymentSettled(when(captured, payment('refunded', 2)).order)).toBe(true);
  });

  it('is settled by a void or a decline', () => {
    for (const status of ['voided', 'failed'] as const)
      expect(isPaymentSettled(when(order, payment(status, 1, euros(0))).order)).toBe(true);
  });

  it('keeps its address', () => {
    const command: OrderCommand = { type: 'ChangeAddress', shippingAddress: anAddress({ city: 'Paris' }) };
    expect(when(order, command).code).toBe('wrong-state');
  });
});

describe('the address', () => {
  const shippingAddress = anAddress({ city: 'Paris', country: 'FR' });

  it('can be changed until the goods leave', () => {
    expect(when(anOrder(), { type: 'ChangeAddress', shippingAddress }).order).toMatchObject({
      shippingAddress,
      version: 2,
    });
    const onItsWay = after(anOrder(), completed, shipped);
    expect(when(onItsWay, { type: 'ChangeAddress', shippingAddress }).code).toBe('wrong-state');
  });

  it('counts no version when it stays the same', () => {
    const decision = decide(anOrder(), { type: 'ChangeAddress', shippingAddress: anAddress() });
    expect(decision).toEqual({ outcome: 'unchanged' });
  });
});

describe('personal data', () => {
  const erase: OrderCommand = { type: 'ErasePersonalData' };

  it('stays while an order is open', () => {
    for (const order of [anOrder(), after(anOrder(), completed), after(anOrder(), completed, shipped)])
      expect(decide(order, erase)).toEqual({ outcome: 'unchanged' });
  });

  it('goes once an order is cancelled or delivered', () => {
    for (const order of [after(anOrder(), cancelled), after(anOrder(), completed, shipped, delivered)]) {
      const erased = when(order, erase).order;
      expect(erased.email).toBeNull();
      expect(Object.values(erased.shippingAddress).join('')).toBe('');
      expect(decide(erased, erase)).toEqual({ outcome: 'unchanged' });
    }
  });
});

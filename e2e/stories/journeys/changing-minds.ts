import type { Order, Payment, Product } from '@souk/client';
import { beforeAll, describe, expect, it } from 'vitest';
import { aShopper, HOME, type Visitor } from '../../src/visitor.ts';
import { aProduct, refusal, type Stage, stockOf } from './stage.ts';

/** The customer does not want it any more. */
export function cancelling(stage: () => Stage): void {
  describe('cancelling', () => {
    let shopper: Visitor;
    let teapot: Product;
    beforeAll(async () => {
      shopper = await aShopper(stage().platform);
      teapot = await aProduct(stage(), { stock: 4 });
    });

    it('ends an order that was not paid, at once and for good', async () => {
      const { id } = await shopper.order(teapot);
      const cancelled = await shopper.call('cancelOrder', { path: { id }, body: { reason: 'Changed my mind' } });
      expect(cancelled).toMatchObject({ status: 'cancelled', cancelReason: 'Changed my mind' });
      await refusal(shopper.call('payOrder', { body: { orderId: id, paymentMethod: 'tok_ok' } }), 'order-not-payable');
      await shopper.orderWhen(id, { paymentStatus: 'voided' });
      const again = await shopper.call('cancelOrder', { path: { id } });
      expect(again).toMatchObject({ status: 'cancelled', cancelReason: 'Changed my mind' });
    });

    it('gives all the money and the goods back when it was paid', async () => {
      const order = await shopper.buy(teapot, 2);
      await shopper.call('cancelOrder', { path: { id: order.id } });
      await shopper.orderWhen(order.id, { status: 'cancelled', paymentStatus: 'refunded' });
      const [payment] = (await shopper.call('listPayments', { query: { orderId: order.id } })).items;
      expect(payment).toMatchObject({ status: 'refunded', refunded: order.total });
      await expect
        .poll(() => stockOf(stage(), teapot), { timeout: 15_000 })
        .toEqual({ onHand: 4, reserved: 0, available: 4 });
    });

    it('says so by mail', async () => {
      await expect.poll(async () => (await shopper.mails('cancellation')).length, { timeout: 15_000 }).toBe(2);
      expect((await shopper.mail('refund')).subject).toContain('50.00');
    });
  });
}

/** The shopkeeper gives money back. */
export function aRefund(stage: () => Stage): void {
  describe('a refund', () => {
    let shopper: Visitor;
    let order: Order;
    let payment: Payment;
    beforeAll(async () => {
      const { platform } = stage();
      shopper = await aShopper(platform);
      order = await shopper.buy(await aProduct(stage(), { amount: 2_500 }), 2);
      payment = (await shopper.call('listPayments', { query: { orderId: order.id } })).items[0] as Payment;
    });

    it('is not for customers to give themselves', async () => {
      const asked = shopper.call('requestRefund', { path: { id: payment.id }, body: { reason: 'Please' } });
      await refusal(asked, 'forbidden');
    });

    it('gives a part back', async () => {
      const { shopkeeper } = stage();
      const body = { amount: { amount: 1_000, currency: 'EUR' }, reason: 'A chipped lid' };
      const refund = await shopkeeper.call('requestRefund', { path: { id: payment.id }, body });
      expect(refund.amount).toEqual(body.amount);
      await shopper.orderWhen(order.id, { status: 'completed', paymentStatus: 'partially_refunded' });
      expect((await shopper.mail('refund')).subject).toContain('10.00');
    });

    it('never gives more back than was paid', async () => {
      const { shopkeeper } = stage();
      const body = { amount: { amount: 4_001, currency: 'EUR' }, reason: 'Too kind' };
      await refusal(shopkeeper.call('requestRefund', { path: { id: payment.id }, body }), 'refund-exceeds-payment');
    });

    it('gives the rest back, and keeps the order', async () => {
      const { shopkeeper } = stage();
      const rest = await shopkeeper.call('requestRefund', {
        path: { id: payment.id },
        body: { reason: 'The spout too' },
      });
      expect(rest.amount.amount).toBe(4_000);
      await shopper.orderWhen(order.id, { status: 'completed', paymentStatus: 'refunded' });
      const refunds = await shopkeeper.call('listRefunds', { path: { id: payment.id } });
      expect(refunds.items.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
      await expect.poll(async () => (await shopper.mails('refund')).length, { timeout: 15_000 }).toBe(2);
      const nothing = shopkeeper.call('requestRefund', { path: { id: payment.id }, body: { reason: 'Once more' } });
      await expect(nothing).rejects.toMatchObject({ name: 'ProblemError' });
    });

    it('is not possible where nothing was paid', async () => {
      const { id } = await shopper.order(await aProduct(stage()), { paymentMethod: 'tok_declined' });
      await shopper.orderWhen(id, { status: 'cancelled' });
      const [failed] = (await shopper.call('listPayments', { query: { orderId: id } })).items;
      const asked = stage().shopkeeper.call('requestRefund', {
        path: { id: failed?.id ?? '' },
        body: { reason: 'Why not' },
      });
      await refusal(asked, 'not-refundable');
    });
  });
}

/** What was bought leaves the house and arrives. */
export function shipping(stage: () => Stage): void {
  describe('shipping', () => {
    let shopper: Visitor;
    let order: Order;

    it('goes to where the customer says until it leaves', async () => {
      shopper = await aShopper(stage().platform);
      order = await shopper.buy(await aProduct(stage()));
      const shippingAddress = { ...HOME, line1: '7 Compiler Court' };
      const moved = await shopper.call('changeOrder', {
        path: { id: order.id },
        ifMatch: order.version,
        body: { shippingAddress },
      });
      expect(moved.shippingAddress.line1).toBe('7 Compiler Court');
      const stale = shopper.call('changeOrder', {
        path: { id: order.id },
        ifMatch: order.version,
        body: { shippingAddress },
      });
      await refusal(stale, 'precondition-failed');
    });

    it('is for the shopkeeper to do, in the right sequence', async () => {
      const { shopkeeper } = stage();
      await refusal(shopkeeper.call('deliverOrder', { path: { id: order.id } }), 'wrong-state');
      const body = { carrier: 'Royal Mail', trackingNumber: 'RM123' };
      await refusal(shopper.call('shipOrder', { path: { id: order.id }, body }), 'forbidden');
      const shipped = await shopkeeper.call('shipOrder', { path: { id: order.id }, body });
      expect(shipped).toMatchObject({ fulfillmentStatus: 'shipped', tracking: body });
      expect((await shopper.mail('shipped')).text).toContain('RM123');
    });

    it('cannot be called back', async () => {
      await refusal(shopper.call('cancelOrder', { path: { id: order.id } }), 'not-cancellable');
      const { version } = await shopper.call('getOrder', { path: { id: order.id } });
      const late = shopper.call('changeOrder', {
        path: { id: order.id },
        ifMatch: version,
        body: { shippingAddress: HOME },
      });
      await refusal(late, 'wrong-state');
    });

    it('ends at the door', async () => {
      const delivered = await stage().shopkeeper.call('deliverOrder', { path: { id: order.id } });
      expect(delivered.fulfillmentStatus).toBe('delivered');
      await shopper.mail('delivered');
      const wanted = [
        'order.created',
        'payment.completed',
        'order.completed',
        'order.updated',
        'order.shipped',
        'order.delivered',
      ];
      const types = (await shopper.timeline(order.id)).map(({ type }) => type);
      expect(wanted.every((type) => types.includes(type))).toBe(true);
    });
  });
}

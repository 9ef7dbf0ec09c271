import type { Order, Product } from '@souk/client';
import { beforeAll, describe, expect, it } from 'vitest';
import { aShopper, HOME, type Visitor } from '../../src/visitor.ts';
import { aProduct, refusal, type Stage, stockOf } from './stage.ts';

/** From the cart to the receipt. */
export function buyingTheCart(stage: () => Stage): void {
  describe('buying what is in the cart', () => {
    let shopper: Visitor;
    let teapot: Product;
    let order: Order;
    beforeAll(async () => {
      shopper = await aShopper(stage().platform);
      teapot = await aProduct(stage(), { stock: 10, amount: 2_500 });
    });

    it('begins with a welcome', async () => {
      expect((await shopper.mail('welcome')).subject).toBe('Welcome to Souk');
    });

    it('fills the cart, changes its mind, and sees the sum', async () => {
      await refusal(shopper.call('placeOrder', { body: { shippingAddress: HOME } }), 'cart-empty');
      await shopper.call('putCartItem', { path: { productId: teapot.id }, body: { quantity: 5 } });
      const cart = await shopper.call('putCartItem', { path: { productId: teapot.id }, body: { quantity: 3 } });
      expect(cart.total).toEqual({ amount: 7_500, currency: 'EUR' });
    });

    it('orders the cart, which is empty then', async () => {
      order = await shopper.call('placeOrder', { body: { shippingAddress: HOME, paymentMethod: 'tok_ok' } });
      expect(order).toMatchObject({
        status: 'pending',
        total: { amount: 7_500 },
        items: [{ quantity: 3, name: teapot.name }],
      });
      expect((await shopper.call('getCart')).items).toEqual([]);
    });

    it('watches the order happen, live', async () => {
      const seen: string[] = [];
      for await (const { type } of shopper.client.timeline(order.id, { signal: AbortSignal.timeout(30_000) })) {
        seen.push(type);
        if (type === 'order.completed') break;
      }
      expect(seen).toEqual(expect.arrayContaining(['order.created', 'payment.completed', 'order.completed']));
      expect(seen[0]).toBe('order.created');
    });

    it('gets the receipt and the confirmation, each once', async () => {
      const receipt = await shopper.mail('receipt');
      expect(receipt.subject).toContain('75.00');
      expect((await shopper.mail('confirmation')).html).toContain(teapot.name);
      const templates = (await shopper.mails()).map(({ template }) => template);
      expect(templates.sort()).toEqual(['confirmation', 'receipt', 'welcome']);
    });

    it('has taken exactly three from the shelf', async () => {
      const { shopkeeper } = stage();
      await expect
        .poll(() => stockOf(stage(), teapot), { timeout: 15_000 })
        .toEqual({ onHand: 7, reserved: 0, available: 7 });
      const movements = (await shopkeeper.call('listMovements', { path: { id: teapot.id } })).items;
      expect(movements[0]).toMatchObject({ delta: -3, orderId: order.id, onHandAfter: 7 });
    });

    it('would get the same answer again for the same key, and nothing else', async () => {
      const body = { items: [{ productId: teapot.id, quantity: 1 }], shippingAddress: HOME, paymentMethod: 'tok_ok' };
      const input = { body, idempotencyKey: `story-${order.id}` };
      const first = await shopper.client.send('placeOrder', input);
      const again = await shopper.client.send('placeOrder', input);
      expect([first.isReplayed, again.isReplayed, again.body]).toEqual([false, true, first.body]);
      const other = { ...body, items: [{ productId: teapot.id, quantity: 2 }] };
      await refusal(shopper.call('placeOrder', { ...input, body: other }), 'idempotency-key-reused');
      await shopper.orderWhen(first.body.id, { status: 'completed' });
    });
  });
}

/** An order is placed first and paid then. */
export function payingLater(stage: () => Stage): void {
  describe('paying later', () => {
    let shopper: Visitor;
    let order: Order;

    it('keeps the goods while the customer looks for the card', async () => {
      shopper = await aShopper(stage().platform);
      const teapot = await aProduct(stage(), { stock: 1 });
      order = await shopper.order(teapot);
      expect(order).toMatchObject({ status: 'pending', paymentStatus: 'awaiting', paymentMethod: null });
      const somebodyElse = await aShopper(stage().platform);
      const problem = await refusal(somebodyElse.order(teapot, { paymentMethod: 'tok_ok' }), 'out-of-stock');
      expect(problem.errors).toMatchObject([{ pointer: '/items/0/quantity' }]);
    });

    it('takes the payment once', async () => {
      const payment = await shopper.call('payOrder', { body: { orderId: order.id, paymentMethod: 'tok_ok' } });
      expect(payment).toMatchObject({ orderId: order.id, amount: order.total, status: 'pending' });
      await refusal(
        shopper.call('payOrder', { body: { orderId: order.id, paymentMethod: 'tok_ok' } }),
        'payment-exists',
      );
      await shopper.orderWhen(order.id, { status: 'completed', paymentStatus: 'captured' });
      await shopper.mail('receipt');
    });

    it('does not let anybody else pay, or look', async () => {
      const stranger = await aShopper(stage().platform);
      await refusal(stranger.call('payOrder', { body: { orderId: order.id, paymentMethod: 'tok_ok' } }), 'not-found');
      await refusal(stranger.call('getOrder', { path: { id: order.id } }), 'not-found');
    });
  });
}

/** The order ends; another one is as good as the first. */
export function aDeclinedCard(stage: () => Stage): void {
  describe('a declined card', () => {
    let shopper: Visitor;
    let teapot: Product;

    it('cancels the order, tells why, and frees the goods', async () => {
      shopper = await aShopper(stage().platform);
      teapot = await aProduct(stage(), { stock: 1 });
      const { id } = await shopper.order(teapot, { paymentMethod: 'tok_declined' });
      const order = await shopper.orderWhen(id, { status: 'cancelled' });
      expect(order).toMatchObject({ paymentStatus: 'failed', cancelReason: 'payment-failed' });
      const { items } = await shopper.call('listPayments', { query: { orderId: id } });
      expect(items).toMatchObject([{ status: 'failed', failureCode: 'declined' }]);
      await expect
        .poll(() => stockOf(stage(), teapot), { timeout: 15_000 })
        .toEqual({ onHand: 1, reserved: 0, available: 1 });
    });

    it('sends one mail about it', async () => {
      await shopper.mail('cancellation');
      const templates = (await shopper.mails()).map(({ template }) => template);
      expect(templates.sort()).toEqual(['cancellation', 'welcome']);
    });

    it('does not stand in the way of another one', async () => {
      const order = await shopper.buy(teapot);
      expect(order.paymentStatus).toBe('captured');
      await shopper.mail('confirmation');
    });
  });
}

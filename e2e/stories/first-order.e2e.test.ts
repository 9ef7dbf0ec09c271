import { waitFor } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aCustomer, type Customer, MODES, type Order, type Platform, startPlatform } from '../src/index.ts';

describe.each(MODES)('a first order, %s', (mode) => {
  let platform: Platform;
  let customer: Customer;
  let order: Order;

  beforeAll(async () => {
    platform = await startPlatform(mode);
  });
  afterAll(async () => {
    await platform?.stop();
  });

  it('is preceded by a registration and a login', async () => {
    customer = await aCustomer(platform);
    const { body } = await customer.expect<{ email: string; roles: string[] }>('/api/v1/users/me');
    expect(body).toMatchObject({ email: customer.email, roles: ['customer'] });
  });

  it('begins in a catalog worth looking at', async () => {
    const { items, total } = await customer.products('?limit=100');
    expect(total).toBeGreaterThanOrEqual(120);
    expect(new Set(items.map(({ name }) => name)).size).toBe(items.length);
  });

  it('is placed, reserved and answered with the prices of the catalog', async () => {
    const [first, second] = (await customer.products('?inStock=true&limit=2')).items;
    if (first === undefined || second === undefined) throw new RangeError('the catalog is empty');
    order = await customer.placeOrder({
      items: [
        { productId: first.id, quantity: 2 },
        { productId: second.id, quantity: 1 },
      ],
      paymentMethod: 'tok_ok',
    });
    expect(order.status).toBe('pending');
    expect(order.total.amount).toBe(2 * first.price.amount + second.price.amount);
  });

  it('is paid by event and completed', async () => {
    const completed = await customer.orderIn('completed', order.id, 10_000);
    expect(completed.paymentStatus).toBe('captured');
  });

  it('has a timeline that tells its story', async () => {
    const wanted = ['order.created', 'payment.completed', 'order.completed', 'notification.sent'];
    const types = await waitFor(
      async () => {
        const seen = (await customer.timeline(order.id)).map(({ type }) => type);
        return wanted.every((type) => seen.includes(type)) ? seen : undefined;
      },
      { timeoutMs: 10_000, what: `A timeline with ${wanted.join(', ')}` },
    ).catch(async (error) => {
      expect((await customer.timeline(order.id)).map(({ type }) => type)).toEqual(wanted);
      throw error;
    });
    expect(types[0]).toBe('order.created');
  });

  it('is confirmed by mail', async () => {
    const templates = await waitFor(
      async () => {
        const own = (await platform.mails()).filter(({ to }) => to.includes(customer.email));
        const sent = own.map(({ template }) => template);
        return ['welcome', 'receipt', 'confirmation'].every((template) => sent.includes(template)) ? sent : undefined;
      },
      { timeoutMs: 10_000, what: 'Welcome, receipt and confirmation' },
    );
    expect(new Set(templates).size).toBe(templates.length);
  });

  it('has cost nothing twice', async () => {
    const { body } = await customer.expect<{ items: { status: string; amount: { amount: number } }[] }>(
      `/api/v1/payments?orderId=${order.id}`,
    );
    expect(body.items).toMatchObject([{ status: 'captured', amount: order.total }]);
  });
});

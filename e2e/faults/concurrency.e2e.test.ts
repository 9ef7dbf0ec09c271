import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aCustomer,
  anAdministrator,
  type Customer,
  type Order,
  type Platform,
  readStock,
  type Stock,
  startPlatform,
} from '../src/index.ts';
import { orderBody, type SentAnswer, sendWrite } from './src/history.ts';
import { expectAllToHold } from './src/quiescence.ts';

const TTL_MS = 8_000;

let platform: Platform;
let admin: Customer;
let customers: Customer[];
let before: Map<string, Stock>;
let products = 0;

async function aProduct(stock: number, amount = 1_999): Promise<string> {
  products += 1;
  const { body } = await admin.expect<{ id: string }>('/api/v1/products', {
    body: {
      name: `Contended ${products}`,
      description: 'Everybody wants it',
      category: 'contended',
      price: { amount, currency: 'EUR' },
      sku: `CONTENDED-${products}`,
      stock,
    },
  });
  before = new Map([...before, [body.id, { onHand: stock, reserved: 0 }]]);
  return body.id;
}

const customerOf = (index: number) => customers[index % customers.length] as Customer;
function count(answers: SentAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, slug } of answers) {
    const name = `${status} ${slug}`.trim();
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
const together = <T>(length: number, run: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length }, (_, index) => run(index)));
const parse = (answer: SentAnswer) => JSON.parse(answer.text) as Order;

beforeAll(async () => {
  platform = await startPlatform('distributed', { env: { RESERVATION_TTL_MS: String(TTL_MS) } });
  admin = await anAdministrator(platform);
  customers = [];
  for (let index = 0; index < 10; index++) customers.push(await aCustomer(platform));
  before = await readStock(platform);
  await admin.expect('/api/v1/categories', { body: { slug: 'contended', name: 'Contended' } });
});
afterAll(() => platform?.stop());

describe('many at once', () => {
  it('200 buyers of the last one: one gets it, 199 are told that it is gone', async () => {
    const productId = await aProduct(1);
    const answers = await together(200, (index) =>
      sendWrite(customerOf(index), '/api/v1/orders', { key: randomUUID(), body: orderBody(productId, 'tok_ok') }),
    );
    expect(count(answers)).toEqual({ '201': 1, '409 out-of-stock': 199 });
  });

  it('100 buyers of 30 who buy three rows in opposite orders: 30 of each are sold', async () => {
    const ids = [await aProduct(30), await aProduct(30), await aProduct(30)];
    const answers = await together(100, (index) => {
      const order = index % 2 === 0 ? ids : ids.toReversed();
      const items = order.map((productId) => ({ productId, quantity: 1 }));
      return sendWrite(customerOf(index), '/api/v1/orders', {
        key: randomUUID(),
        body: { ...orderBody('', 'tok_ok'), items },
      });
    });
    expect(count(answers)).toEqual({ '201': 30, '409 out-of-stock': 70 });
  });

  it('20 requests with one key make one order and one answer', async () => {
    const productId = await aProduct(20);
    const key = randomUUID();
    const send = () => sendWrite(customerOf(0), '/api/v1/orders', { key, body: orderBody(productId, 'tok_ok') });
    const answers = await together(20, send);
    const made = answers.filter(({ status }) => status === 201);
    const others = answers.filter(({ status }) => status !== 201);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    expect(made.filter(({ replayed }) => !replayed).length).toBe(1);
    for (const other of others) {
      expect(other.slug).toBe('idempotency-in-progress');
      expect(Number(other.retryAfter)).toBeGreaterThan(0);
    }
    const again = await send();
    expect([again.status, again.text, again.replayed]).toEqual([201, made[0]?.text, true]);
    const changed = await sendWrite(customerOf(0), '/api/v1/orders', {
      key,
      body: orderBody(productId, 'tok_declined'),
    });
    expect(changed.slug).toBe('idempotency-key-reused');
    const another = await sendWrite(customerOf(1), '/api/v1/orders', { key, body: orderBody(productId, 'tok_ok') });
    expect([another.status, another.replayed]).toEqual([201, false]);
    expect(parse(another).id).not.toBe(parse(again).id);
  });

  it('a refusal that stock decided is repeated with its key, also when there is stock again', async () => {
    const productId = await aProduct(1);
    const key = randomUUID();
    const send = () => sendWrite(customerOf(2), '/api/v1/orders', { key, body: orderBody(productId, undefined) });
    const holder = await sendWrite(customerOf(3), '/api/v1/orders', {
      key: randomUUID(),
      body: orderBody(productId, undefined),
    });
    const refused = await send();
    expect(refused.slug).toBe('out-of-stock');
    expect((await sendWrite(customerOf(3), `/api/v1/orders/${parse(holder).id}/cancel`)).status).toBe(200);
    const again = await send();
    expect([again.status, again.text, again.replayed]).toEqual([409, refused.text, true]);
  });

  it('several orders of one cart at once: one empties it, the others conflict', async () => {
    const productId = await aProduct(50);
    const customer = customerOf(4);
    await customer.expect(`/api/v1/cart/items/${productId}`, { method: 'PUT', body: { quantity: 2 } });
    const { items: _, ...body } = orderBody(productId, 'tok_ok');
    const answers = await together(10, () => sendWrite(customer, '/api/v1/orders', { key: randomUUID(), body }));
    const counts = count(answers);
    expect(counts['201']).toBe(1);
    const rest = (counts['409 conflict'] ?? 0) + (counts['422 cart-empty'] ?? 0);
    expect([counts, rest]).toEqual([counts, 9]);
    const cart = await customer.expect<{ items: unknown[] }>('/api/v1/cart');
    expect(cart.body.items).toEqual([]);
  });

  it('cart lines that are put and removed at once leave a cart that adds up', async () => {
    const ids = [await aProduct(9), await aProduct(9), await aProduct(9)];
    const customer = customerOf(5);
    const answers = await together(60, (index) => {
      const path = `/api/v1/cart/items/${ids[index % 3]}`;
      return index % 5 === 0
        ? sendWrite(customer, path, { method: 'DELETE' })
        : sendWrite(customer, path, { method: 'PUT', body: { quantity: 1 + (index % 9) } });
    });
    expect(Object.keys(count(answers))).toEqual(['200']);
    const { body } = await customer.expect<{ items: { quantity: number }[]; total: { amount: number } }>(
      '/api/v1/cart',
    );
    expect(body.total.amount).toBe(body.items.reduce((sum, { quantity }) => sum + quantity * 1_999, 0));
    await customer.expect('/api/v1/cart', { method: 'DELETE' });
  });
});

describe('money', () => {
  it('every payment method ends as it should', async () => {
    const productId = await aProduct(50);
    const expected = {
      tok_ok: 'completed',
      tok_slow: 'completed',
      tok_timeout: 'completed',
      tok_flaky: 'completed',
      tok_declined: 'cancelled',
      tok_insufficient_funds: 'cancelled',
      tok_unheard_of: 'cancelled',
      pm_card_visa: 'cancelled',
    } as const; // prettier-ignore
    await Promise.all(
      Object.entries(expected).map(async ([method, status]) => {
        const order = await customerOf(6).placeOrder({ items: [{ productId, quantity: 2 }], paymentMethod: method });
        const ended = await customerOf(6).orderIn(status, order.id, 40_000);
        expect([method, ended.cancelReason]).toEqual([method, status === 'completed' ? null : 'payment-failed']);
      }),
    );
  });

  it('20 refunds of a fifth at once: five succeed', async () => {
    const order = await customerOf(7).placeOrder({
      items: [{ productId: await aProduct(5, 5_000), quantity: 1 }],
      paymentMethod: 'tok_ok',
    });
    await customerOf(7).orderIn('completed', order.id);
    const { body } = await admin.expect<{ items: { id: string }[] }>(`/api/v1/payments?orderId=${order.id}`);
    const refund = (key: string) =>
      sendWrite(admin, `/api/v1/payments/${body.items[0]?.id}/refunds`, {
        key,
        body: { amount: { amount: 1_000, currency: 'EUR' }, reason: 'A fifth' },
      });
    const answers = await together(20, (index) => refund(`fifth-${order.id}-${index}`));
    expect(count(answers)).toEqual({ '201': 5, '422 refund-exceeds-payment': 15 });
    const same = await together(10, () => refund(`fifth-${order.id}-0`));
    expect(new Set(same.map(({ text }) => text)).size).toBe(1);
  });

  it('20 payments of one order at once: one pays, the others exist already or are the same', async () => {
    const productId = await aProduct(5);
    const customer = customerOf(8);
    const order = await customer.placeOrder({ items: [{ productId, quantity: 1 }] });
    const answers = await together(20, (index) =>
      sendWrite(customer, '/api/v1/payments', {
        key: `pay-${order.id}-${index}`,
        body: { orderId: order.id, paymentMethod: 'tok_ok' },
      }),
    );
    expect(count(answers)).toEqual({ '201': 1, '409 payment-exists': 19 });
    await customer.orderIn('completed', order.id);
  });
});

describe('races that end an order', () => {
  it('cancel against payment, 40 times at different moments', async () => {
    const productId = await aProduct(100);
    const methods = ['tok_ok', 'tok_slow', 'tok_flaky', 'tok_declined', 'tok_timeout'];
    await together(40, async (index) => {
      const customer = customerOf(index);
      const order = await customer.placeOrder({
        items: [{ productId, quantity: 1 }],
        paymentMethod: methods[index % methods.length] as string,
      });
      await new Promise((resolve) => setTimeout(resolve, (index * 13) % 120));
      const [first, second] = await together(2, () => sendWrite(customer, `/api/v1/orders/${order.id}/cancel`));
      for (const answer of [first, second]) {
        expect(answer?.status).toBe(200);
        expect(parse(answer as SentAnswer).status).toBe('cancelled');
      }
      const late = await sendWrite(customer, '/api/v1/payments', {
        key: randomUUID(),
        body: { orderId: order.id, paymentMethod: 'tok_ok' },
      });
      expect(late.status).toBe(409);
    });
  });

  it('cancel against shipping: one of them wins', async () => {
    const productId = await aProduct(40);
    const results = await together(15, async (index) => {
      const customer = customerOf(index);
      const order = await customer.placeOrder({ items: [{ productId, quantity: 1 }], paymentMethod: 'tok_ok' });
      await customer.orderIn('completed', order.id);
      const [cancel, ship] = await Promise.all([
        sendWrite(customer, `/api/v1/orders/${order.id}/cancel`),
        sendWrite(admin, `/api/v1/orders/${order.id}/ship`, { body: { carrier: 'Post', trackingNumber: `T${index}` } }),
      ]);
      return `${cancel.status} ${cancel.slug} | ${ship.status} ${ship.slug}`;
    });
    for (const result of results) {
      expect(['200  | 409 wrong-state', '409 not-cancellable | 200 ']).toContain(result);
    }
  });

  it('expiry against payment: paid at the last moment or cancelled, never both', async () => {
    const productId = await aProduct(60);
    await together(24, async (index) => {
      const customer = customerOf(index);
      const order = await customer.placeOrder({ items: [{ productId, quantity: 1 }] });
      await new Promise((resolve) => setTimeout(resolve, TTL_MS - 600 + index * 60));
      const paid = await sendWrite(customer, '/api/v1/payments', {
        key: randomUUID(),
        body: { orderId: order.id, paymentMethod: index % 3 === 0 ? 'tok_slow' : 'tok_ok' },
      });
      expect([201, 409]).toContain(paid.status);
    });
  });

  it('leaves everything settled within ten seconds of the last expiry', async () => {
    await new Promise((resolve) => setTimeout(resolve, TTL_MS));
    const took = await expectAllToHold({ platform, stockBefore: before }, 30_000);
    console.log(`Settled after ${took} ms`);
    expect(platform.logs()).not.toMatch(/Unhandled rejection|Uncaught exception/);
  });
});

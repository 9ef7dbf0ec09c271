import { randomUUID } from 'node:crypto';
import { waitFor } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AN_ADDRESS,
  aCustomer,
  anAdministrator,
  Customer,
  DEMO_PASSWORD,
  findDiscrepancies,
  MODES,
  type Order,
  type Page,
  type Platform,
  type Product,
  readStock,
  type Stock,
  send,
  startPlatform,
} from '../src/index.ts';

interface Cart {
  items: { productId: string; quantity: number; available: number; lineTotal: { amount: number } }[];
  total: { amount: number };
}

interface Payment {
  id: string;
  status: string;
  refunded: { amount: number };
  failureCode: string | null;
}

describe.each(MODES)('the journeys of customers, %s', (mode) => {
  let platform: Platform;
  let admin: Customer;
  let stock: Map<string, Stock>;
  let shelf: Product[];

  beforeAll(async () => {
    platform = await startPlatform(mode);
    admin = await anAdministrator(platform);
    stock = await readStock(platform);
    shelf = (await admin.products('?inStock=true&limit=30&sort=name')).items;
  });
  afterAll(async () => {
    await platform?.stop();
  });

  const fromShelf = (index: number): Product => {
    const product = shelf[index];
    if (product === undefined) throw new RangeError('the shelf is too short');
    return product;
  };

  const mailsTo = async (customer: Customer, template: string) =>
    (await platform.mails()).filter((mail) => mail.to.includes(customer.email) && mail.template === template);

  const mailTo = (customer: Customer, template: string) =>
    waitFor(async () => (await mailsTo(customer, template))[0], { timeoutMs: 15_000, what: `The mail "${template}"` });

  const paymentOf = async (customer: Customer, order: Order): Promise<Payment | undefined> =>
    (await customer.expect<Page<Payment>>(`/api/v1/payments?orderId=${order.id}`)).body.items[0];

  const buy = async (customer: Customer, product: Product, quantity = 1): Promise<Order> => {
    const order = await customer.placeOrder({ items: [{ productId: product.id, quantity }], paymentMethod: 'tok_ok' });
    return customer.orderIn('completed', order.id);
  };

  it('browse: categories, a search with a slip of the pen, a product by its name in the address', async () => {
    const visitor = new Customer(platform);
    const categories = (await visitor.expect<{ items: { slug: string; productCount: number }[] }>('/api/v1/categories'))
      .body;
    expect(categories.items.length).toBeGreaterThanOrEqual(12);
    const longWord = (name: string) => name.split(' ').find((each) => /^[A-Za-z]{7,}$/.test(each));
    const wanted = shelf.find(({ name }) => longWord(name) !== undefined);
    const word = longWord(wanted?.name ?? '') ?? '';
    expect(word).not.toBe('');
    const slip = word.slice(0, 2) + word.slice(3); // one letter left out
    for (const query of [word, slip]) {
      const found = await visitor.products(`?q=${encodeURIComponent(query)}&limit=100`);
      expect(
        found.items.map(({ name }) => name),
        `search for ${query}`,
      ).toContain(wanted?.name);
    }
    const bySlug = await visitor.product(wanted?.slug ?? '');
    expect(bySlug.id).toBe(wanted?.id);
  });

  it('browse: all pages together show every product once', async () => {
    const visitor = new Customer(platform);
    const seen: string[] = [];
    let page = await visitor.products('?limit=17');
    seen.push(...page.items.map(({ id }) => id));
    while (page.nextCursor !== null) {
      page = await visitor.products(`?limit=17&cursor=${encodeURIComponent(page.nextCursor)}`);
      seen.push(...page.items.map(({ id }) => id));
    }
    expect(seen).toHaveLength(page.total);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('buy: what lies in the cart is ordered, and the cart is empty then', async () => {
    const customer = await aCustomer(platform);
    for (const [product, quantity] of [
      [fromShelf(0), 2],
      [fromShelf(1), 1],
    ] as const) {
      await customer.expect(`/api/v1/cart/items/${product.id}`, { method: 'PUT', body: { quantity } });
    }
    const cart = (await customer.expect<Cart>('/api/v1/cart')).body;
    expect(cart.total.amount).toBe(2 * fromShelf(0).price.amount + fromShelf(1).price.amount);
    const order = await customer.placeOrder({ paymentMethod: 'tok_ok' });
    expect(order.total).toEqual(cart.total);
    await customer.orderIn('completed', order.id);
    expect((await customer.expect<Cart>('/api/v1/cart')).body.items).toEqual([]);
    expect((await customer.tryOrder({ paymentMethod: 'tok_ok' })).body).toMatchObject({ type: '/problems/cart-empty' });
    await mailTo(customer, 'receipt');
    await mailTo(customer, 'confirmation');
  });

  it('pay later: an order without a method waits, and is completed once it is paid', async () => {
    const customer = await aCustomer(platform);
    const order = await customer.placeOrder({ items: [{ productId: fromShelf(2).id, quantity: 1 }] });
    expect(order).toMatchObject({ status: 'pending', paymentStatus: 'awaiting' });
    const pay = (key: string) =>
      send<Payment>(platform, '/api/v1/payments', {
        token: customer.accessToken,
        headers: { 'idempotency-key': key },
        body: { orderId: order.id, paymentMethod: 'tok_ok' },
      });
    expect((await pay(randomUUID())).status).toBe(201);
    await customer.orderIn('completed', order.id);
    const again = await pay(randomUUID());
    expect([again.status, again.body]).toMatchObject([409, { type: '/problems/payment-exists' }]);
  });

  it('declined: the order is cancelled, a mail tells the reason, and a new order succeeds', async () => {
    const customer = await aCustomer(platform);
    const items = [{ productId: fromShelf(3).id, quantity: 1 }];
    const declined = await customer.placeOrder({ items, paymentMethod: 'tok_insufficient_funds' });
    const cancelled = await customer.orderIn('cancelled', declined.id);
    expect(cancelled).toMatchObject({ cancelReason: 'payment-failed', paymentStatus: 'failed' });
    expect(await paymentOf(customer, declined)).toMatchObject({ status: 'failed', failureCode: 'insufficient_funds' });
    await mailTo(customer, 'cancellation');
    const order = await customer.placeOrder({ items, paymentMethod: 'tok_ok' });
    await customer.orderIn('completed', order.id);
    await mailTo(customer, 'confirmation');
    expect(await mailsTo(customer, 'receipt')).toHaveLength(1);
  });

  it('cancel: a paid order is refunded in full and its stock returns', async () => {
    const customer = await aCustomer(platform);
    const product = fromShelf(4);
    const before = (await readStock(platform)).get(product.id);
    const order = await buy(customer, product, 2);
    const path = `/api/v1/orders/${order.id}/cancel`;
    const first = await customer.expect<Order>(path, { method: 'POST', body: { reason: 'Found it in the attic' } });
    expect(first.body).toMatchObject({ status: 'cancelled', cancelReason: 'Found it in the attic' });
    await waitFor(async () => (await paymentOf(customer, order))?.status === 'refunded', {
      timeoutMs: 15_000,
      what: 'The refund',
    });
    await waitFor(async () => (await readStock(platform)).get(product.id)?.onHand === before?.onHand, {
      timeoutMs: 15_000,
      what: 'The restocking',
    });
    await mailTo(customer, 'refund');
    expect((await customer.expect<Order>(path, { method: 'POST' })).body.status).toBe('cancelled');
  });

  it('refund: an administrator gives a part back, and never more than was paid', async () => {
    const customer = await aCustomer(platform);
    const order = await buy(customer, fromShelf(5));
    const payment = await paymentOf(customer, order);
    const refund = (amount: number) =>
      send<{ status: string }>(platform, `/api/v1/payments/${payment?.id}/refunds`, {
        token: admin.accessToken,
        headers: { 'idempotency-key': randomUUID() },
        body: { amount: { amount, currency: order.total.currency }, reason: 'A scratch on the lid' },
      });
    expect((await refund(order.total.amount - 1)).status).toBe(201);
    const tooMuch = await refund(2);
    expect([tooMuch.status, tooMuch.body]).toMatchObject([422, { type: '/problems/refund-exceeds-payment' }]);
    await waitFor(async () => (await customer.order(order.id)).paymentStatus === 'partially_refunded', {
      timeoutMs: 15_000,
      what: 'The order in partially_refunded',
    });
    await mailTo(customer, 'refund');
  });

  it('ship: an order on its way can neither be cancelled nor sent elsewhere', async () => {
    const customer = await aCustomer(platform);
    const order = await buy(customer, fromShelf(6));
    const tracking = { carrier: 'Royal Mail', trackingNumber: 'RM123456789GB' };
    await admin.expect(`/api/v1/orders/${order.id}/ship`, { body: tracking });
    await mailTo(customer, 'shipped');
    const cancel = await send(platform, `/api/v1/orders/${order.id}/cancel`, {
      method: 'POST',
      token: customer.accessToken,
    });
    expect([cancel.status, cancel.body]).toMatchObject([409, { type: '/problems/not-cancellable' }]);
    const { version } = await customer.order(order.id);
    const move = await send(platform, `/api/v1/orders/${order.id}`, {
      method: 'PATCH',
      token: customer.accessToken,
      headers: { 'if-match': `"${version}"` },
      body: { shippingAddress: { ...AN_ADDRESS, city: 'Bath' } },
    });
    expect([move.status, move.body]).toMatchObject([409, { type: '/problems/wrong-state' }]);
    await admin.expect(`/api/v1/orders/${order.id}/deliver`, { method: 'POST' });
    await mailTo(customer, 'delivered');
    expect((await customer.order(order.id)).fulfillmentStatus).toBe('delivered');
  });

  it('forgotten password: the link of the mail works once, and the sessions of before are over', async () => {
    const customer = await aCustomer(platform);
    const oldToken = customer.accessToken;
    await customer.expect('/api/v1/users/password-reset', {
      body: { email: customer.email },
      token: undefined,
      status: 202,
    });
    const mail = await mailTo(customer, 'password-reset');
    const token = /reset-password\?token=([^\s"<&]+)/.exec(mail.text)?.[1] ?? '';
    const confirm = (newPassword: string) =>
      send(platform, '/api/v1/users/password-reset/confirm', {
        body: { token: decodeURIComponent(token), newPassword },
      });
    const newPassword = 'a-new-one-for-the-shop';
    expect((await confirm(newPassword)).status).toBe(204);
    const again = await confirm('and-yet-another-one');
    expect([again.status, again.body]).toMatchObject([422, { type: '/problems/invalid-reset-token' }]);
    await waitFor(async () => (await send(platform, '/api/v1/users/me', { token: oldToken })).status === 401, {
      timeoutMs: 2_000,
      what: 'The end of the old session',
    });
    const withOld = await send(platform, '/api/v1/users/login', {
      body: { email: customer.email, password: DEMO_PASSWORD },
    });
    expect(withOld.status).toBe(401);
    await customer.logIn(newPassword);
  });

  it('two tabs: of one cart ordered twice at once, one order comes of it', async () => {
    const customer = await aCustomer(platform);
    await customer.expect(`/api/v1/cart/items/${fromShelf(7).id}`, { method: 'PUT', body: { quantity: 1 } });
    const answers = await Promise.all([1, 2].map(() => customer.tryOrder({ paymentMethod: 'tok_ok' })));
    const created = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(created).toHaveLength(1);
    // The slower tab lost the race for the cart, or found it empty already.
    expect(refused.map(({ body }) => (body as unknown as { type: string }).type)).toEqual([
      expect.stringMatching(/^\/problems\/(conflict|cart-empty)$/),
    ]);
    await customer.orderIn('completed', created[0]?.body.id ?? '');
  });

  it('the last item: of sixty people who want it, one gets it', async () => {
    const { body: product } = await admin.expect<Product>('/api/v1/products', {
      body: {
        name: 'The last samovar',
        description: 'There is only this one.',
        category: (await admin.expect<{ items: { slug: string }[] }>('/api/v1/categories')).body.items[0]?.slug,
        price: { amount: 12_900, currency: 'EUR' },
        sku: `LAST-${randomUUID().slice(0, 8)}`,
        stock: 1,
      },
      status: 201,
    });
    stock.set(product.id, { onHand: 1, reserved: 0 });
    const people: Customer[] = [];
    // Passwords are hashed two at a time: sixty registrations at once would be turned away.
    while (people.length < 60)
      people.push(...(await Promise.all(Array.from({ length: 6 }, () => aCustomer(platform)))));
    const answers = await Promise.all(
      people.map((each) => each.tryOrder({ items: [{ productId: product.id, quantity: 1 }], paymentMethod: 'tok_ok' })),
    );
    const types = answers.map(({ status, body }) =>
      status === 201 ? 'created' : (body as unknown as { type: string }).type,
    );
    expect(types.filter((type) => type === 'created')).toHaveLength(1);
    expect(types.filter((type) => type === '/problems/out-of-stock')).toHaveLength(59);
    const winner = answers.findIndex(({ status }) => status === 201);
    await people[winner]?.orderIn('completed', answers[winner]?.body.id ?? '');
  });

  it('afterwards stock and money add up', async () => {
    await waitFor(
      async () => {
        const problems = await findDiscrepancies(platform, stock);
        if (problems.length > 0) throw new RangeError(problems.join('\n'));
        return true;
      },
      { timeoutMs: 20_000, everyMs: 250, what: 'A shop that adds up' },
    );
  });
});

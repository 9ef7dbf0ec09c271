import { newId } from '@souk/service-runtime';
import { waitFor } from '@souk/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { anAddress } from '../../test/builders.ts';
import { type RunningOrderService, startOrderService } from '../../test/running-order-service.ts';

let world: RunningOrderService;
beforeAll(async () => {
  world = await startOrderService();
});
afterAll(() => world.stop());
afterEach(() => {
  world.products.intercept = undefined;
});

const countOrders = async (userId: string) =>
  (await world.rows<{ count: number }>('SELECT count(*)::int FROM orders WHERE user_id = $1', [userId]))[0]?.count;
const activeOf = (productId: string) =>
  [...world.products.reservations.values()].filter(
    ({ status, items }) => status === 'active' && items.some((item) => item.productId === productId),
  );

describe('POST /orders', () => {
  it('reserves the stock at its price and answers the pending order', async () => {
    const person = await world.person();
    const [tea, cup] = [world.product({ price: 1299 }), world.product({ price: 402 })];
    const answer = await person.order({
      items: [
        { productId: tea, quantity: 2 },
        { productId: cup, quantity: 1 },
      ],
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      userId: person.userId,
      status: 'pending',
      paymentStatus: 'awaiting',
      total: { amount: 3000, currency: 'EUR' },
      version: 1,
    });
    expect(answer.headers.get('location')).toBe(`/api/v1/orders/${answer.body.id}`);
    expect(answer.headers.get('etag')).toBe('"1"');
    const read = await person.call('GET', `/api/v1/orders/${answer.body.id}`);
    expect(read.body).toEqual(answer.body);
    const messages = await world.rows('SELECT type, sequence FROM outbox WHERE aggregate_id = $1', [answer.body.id]);
    expect(messages).toEqual([{ type: 'order.created', sequence: 1 }]);
  });

  it('goes on with the caller’s trace in its message', async () => {
    const person = await world.person();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const answer = await person.call('POST', '/api/v1/orders', {
      body: { items: [{ productId: world.product(), quantity: 1 }], shippingAddress: anAddress() },
      headers: { 'idempotency-key': newId(), traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    });
    const [message] = await world.rows<{ body: string }>('SELECT body FROM outbox WHERE aggregate_id = $1', [
      answer.body.id,
    ]);
    expect(JSON.parse(message?.body ?? '{}').traceparent).toContain(traceId);
  });

  it('adds up lines of one product', async () => {
    const person = await world.person();
    const tea = world.product({ price: 100 });
    const lines = [1, 2, 3].map((quantity) => ({ productId: tea, quantity }));
    const answer = await person.order({ items: lines });
    expect(answer.body.items).toMatchObject([{ quantity: 6, lineTotal: { amount: 600 } }]);
  });

  it('answers a repeated key with the same bytes, and another body with 422', async () => {
    const person = await world.person();
    const items = [{ productId: world.product(), quantity: 1 }];
    const key = newId();
    const first = await person.order({ items }, key);
    const second = await person.order({ items }, `"${key}"`);
    expect(second.status).toBe(201);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    const other = await person.order({ items, paymentMethod: 'tok_declined' }, key);
    expect(other.body).toMatchObject({ status: 422, type: '/problems/idempotency-key-reused' });
    expect(await countOrders(person.userId)).toBe(1);
  });

  it('places one order for twenty requests with one key at once', async () => {
    const person = await world.person();
    const tea = world.product();
    const key = newId();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => person.order({ items: [{ productId: tea, quantity: 1 }] }, key)),
    );
    const created = answers.filter(({ status }) => status === 201);
    expect(created.length).toBeGreaterThan(0);
    expect(new Set(created.map(({ text }) => text)).size).toBe(1);
    for (const { status, body, headers } of answers.filter((answer) => answer.status !== 201)) {
      expect([status, body.type]).toEqual([409, '/problems/idempotency-in-progress']);
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect(await countOrders(person.userId)).toBe(1);
    expect(activeOf(tea)).toHaveLength(1);
  });

  it('sells exactly the stock to many buyers at once', async () => {
    const tea = world.product({ stock: 5 });
    const buyers = await Promise.all(Array.from({ length: 20 }, () => world.person()));
    const answers = await Promise.all(buyers.map((buyer) => buyer.order({ items: [{ productId: tea, quantity: 1 }] })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    for (const { status, body } of answers.filter((answer) => answer.status !== 201))
      expect([status, body.type]).toEqual([409, '/problems/out-of-stock']);
  });

  it('repeats a stored refusal although the stock is there again', async () => {
    const person = await world.person();
    const tea = world.product({ stock: 0 });
    const key = newId();
    const items = [{ productId: tea, quantity: 1 }];
    const first = await person.order({ items }, key);
    expect(first.body).toMatchObject({ status: 409, errors: [{ pointer: '/items/0/quantity' }] });
    const product = world.products.products.get(tea);
    if (product) product.stock = 10;
    const second = await person.order({ items }, key);
    expect([second.status, second.text]).toEqual([409, first.text]);
    expect(second.headers.get('content-type')).toBe('application/problem+json');
    expect((await person.order({ items })).status).toBe(201);
  });

  it('points at the client’s line when product-service knows no such product', async () => {
    const person = await world.person();
    const tea = world.product();
    const items = [
      { productId: tea, quantity: 1 },
      { productId: tea, quantity: 1 },
      { productId: newId(), quantity: 1 },
    ];
    const answer = await person.order({ items });
    expect(answer.body).toMatchObject({
      status: 422,
      type: '/problems/validation',
      errors: [{ pointer: '/items/2/productId' }],
    });
    expect(await countOrders(person.userId)).toBe(0);
    expect(activeOf(tea)).toHaveLength(0);
  });
});

describe('a request that dies between its transactions', () => {
  it('before the reservation, is resumed with the same id and lines', async () => {
    const person = await world.person();
    const tea = world.product();
    const key = newId();
    world.products.intercept = (method) => (method === 'PUT' ? 503 : undefined);
    const first = await person.order({ items: [{ productId: tea, quantity: 1 }] }, key);
    expect([first.status, first.body.type]).toEqual([503, '/problems/unavailable']);
    const [row] = await world.rows<{ resource_id: string }>('SELECT resource_id FROM idempotency_keys WHERE key = $1', [
      key,
    ]);
    world.products.intercept = undefined;
    const second = await person.order({ items: [{ productId: tea, quantity: 1 }] }, key);
    expect([second.status, second.body.id]).toEqual([201, row?.resource_id]);
    expect(second.headers.get('idempotent-replayed')).toBeNull();
  });

  it('after the reservation, is resumed with the same reservation', async () => {
    const person = await world.person();
    const tea = world.product();
    const key = newId();
    // The reservation is made, and its answer never arrives.
    world.products.intercept = async (method, path) => {
      if (method !== 'PUT') return undefined;
      world.products.intercept = undefined;
      const response = await fetch(`${world.products.url}${path}`, {
        method,
        body: JSON.stringify({ items: [{ productId: tea, quantity: 1 }] }),
      });
      await response.text();
      world.products.intercept = () => 503;
      return 503;
    };
    expect((await person.order({ items: [{ productId: tea, quantity: 1 }] }, key)).status).toBe(503);
    world.products.intercept = undefined;
    const second = await person.order({ items: [{ productId: tea, quantity: 1 }] }, key);
    expect(second.status).toBe(201);
    expect(activeOf(tea)).toHaveLength(1);
    expect(world.products.reservations.get(second.body.id)?.status).toBe('active');
  });

  it('and whose reservation was closed meanwhile, gets a new id', async () => {
    const person = await world.person();
    const tea = world.product();
    const key = newId();
    world.products.intercept = (method) => (method === 'PUT' ? 503 : undefined);
    await person.order({ items: [{ productId: tea, quantity: 1 }] }, key);
    world.products.intercept = undefined;
    const [row] = await world.rows<{ resource_id: string }>('SELECT resource_id FROM idempotency_keys WHERE key = $1', [
      key,
    ]);
    const closed = row?.resource_id ?? '';
    world.products.reservations.set(closed, { status: 'released', expiresAt: new Date().toISOString(), items: [] });
    const second = await person.order({ items: [{ productId: tea, quantity: 1 }] }, key);
    expect(second.status).toBe(201);
    expect(second.body.id).not.toBe(closed);
  });

  it('and whose id was cleared because its reservation expired, places the order under a new id', async () => {
    const person = await world.person();
    const tea = world.product();
    let cleared = '';
    world.products.intercept = async (method, path) => {
      if (method !== 'PUT' || cleared !== '') return undefined;
      cleared = path.split('/')[3] ?? '';
      await world.database.pool.query('UPDATE idempotency_keys SET resource_id = NULL WHERE resource_id = $1', [
        cleared,
      ]);
      return undefined;
    };
    const answer = await person.order({ items: [{ productId: tea, quantity: 1 }] });
    expect(answer.status).toBe(201);
    expect(answer.body.id).not.toBe(cleared);
    expect(await countOrders(person.userId)).toBe(1);
  });

  it('killed while it holds the lock, is resumed once the lock has run out', async () => {
    const person = await world.person();
    const tea = world.product();
    const key = newId();
    const items = [{ productId: tea, quantity: 1 }];
    world.products.intercept = (method) => (method === 'PUT' ? 503 : undefined);
    await person.order({ items }, key);
    world.products.intercept = undefined;
    await world.database.pool.query(
      `UPDATE idempotency_keys SET locked_until = now() + interval '30 s' WHERE key = $1`,
      [key],
    );
    expect((await person.order({ items }, key)).body.type).toBe('/problems/idempotency-in-progress');
    await world.database.pool.query('UPDATE idempotency_keys SET locked_until = now() WHERE key = $1', [key]);
    expect((await person.order({ items }, key)).status).toBe(201);
    expect(await countOrders(person.userId)).toBe(1);
  });
});

describe('a request that was frozen for longer than its lock', () => {
  it('repeats the answer of the one that resumed its key', async () => {
    const person = await world.person();
    const tea = world.product();
    const key = newId();
    const items = [{ productId: tea, quantity: 1 }];
    let woken = false;
    let frozen = 0;
    world.products.intercept = async (method) => {
      if (method !== 'PUT') return undefined;
      frozen += 1;
      if (frozen === 1) await waitFor(() => woken);
      return undefined;
    };
    const first = person.order({ items }, key);
    await waitFor(() => frozen === 1);
    await world.database.pool.query('UPDATE idempotency_keys SET locked_until = now() WHERE key = $1', [key]);
    const second = await person.order({ items }, key);
    expect(second.status).toBe(201);
    woken = true;
    const late = await first;
    expect([late.status, late.text]).toEqual([201, second.text]);
    expect(late.headers.get('idempotent-replayed')).toBe('true');
    expect(await countOrders(person.userId)).toBe(1);
    expect(activeOf(tea)).toHaveLength(1);
  });

  it('is asked to come again when its reservation is closed each time', async () => {
    const person = await world.person();
    const tea = world.product();
    world.products.intercept = (method, path) => {
      const orderId = path.split('/')[3] ?? '';
      if (method === 'PUT')
        world.products.reservations.set(orderId, {
          status: 'released',
          expiresAt: new Date().toISOString(),
          items: [],
        });
      return undefined;
    };
    const answer = await person.order({ items: [{ productId: tea, quantity: 1 }] });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  });
});

describe('an order of the cart', () => {
  it('takes its lines and empties it', async () => {
    const person = await world.person();
    const tea = world.product({ price: 500 });
    await person.call('PUT', `/api/v1/cart/items/${tea}`, { body: { quantity: 3 } });
    const answer = await person.order();
    expect(answer.body).toMatchObject({ status: 'pending', total: { amount: 1500 } });
    expect((await person.call('GET', '/api/v1/cart')).body.items).toEqual([]);
    const empty = await person.order();
    expect([empty.status, empty.body.type]).toEqual([422, '/problems/cart-empty']);
  });

  it('is placed once when the cart is submitted several times at once; the others get 409 and leave no reservation', async () => {
    const person = await world.person();
    const tea = world.product();
    await person.call('PUT', `/api/v1/cart/items/${tea}`, { body: { quantity: 1 } });
    // All of them read the cart before the first one empties it.
    let waiting = 0;
    world.products.intercept = async (method) => {
      if (method !== 'PUT') return undefined;
      waiting += 1;
      await waitFor(() => waiting >= 4);
      return undefined;
    };
    const answers = await Promise.all(Array.from({ length: 4 }, () => person.order()));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    for (const { body } of answers.filter(({ status }) => status === 409)) expect(body.type).toBe('/problems/conflict');
    expect(await countOrders(person.userId)).toBe(1);
    await waitFor(() => activeOf(tea).length === 1);
  });
});

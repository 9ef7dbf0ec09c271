import { createEvent, queueNameOf } from '@souk/contracts';
import { type Broker, createInProcessBroker } from '@souk/messaging';
import { newId } from '@souk/service-runtime';
import { silentLogger, waitFor } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenStock, insertTestProducts, stockOf } from '../../test/builders.ts';
import { type RunningProductService, runProductService } from '../../test/running-product-service.ts';

let service: RunningProductService;
let broker: Broker;

beforeAll(async () => {
  broker = createInProcessBroker({ retryDelaysMs: [0, 20, 40, 80, 160], logger: silentLogger() });
  service = await runProductService({
    broker,
    env: { RESERVATION_TTL_MS: '60000', SAGA_REDRIVE_AFTER_MS: '600', SWEEP_INTERVAL_MS: '100' },
  });
});
afterAll(async () => {
  await service.stop();
  await broker.close();
});

const db = () => service.database.pool;

async function aProduct(onHand = 10): Promise<string> {
  const [product] = await insertTestProducts(db(), [onHand]);
  return product?.id ?? '';
}

const put = (orderId: string, items: unknown) =>
  service.call('PUT', `/internal/reservations/${orderId}`, { as: 'service', body: { items } });
const get = (orderId: string) => service.call('GET', `/internal/reservations/${orderId}`, { as: 'service' });
const remove = (orderId: string) => service.call('DELETE', `/internal/reservations/${orderId}`, { as: 'service' });
const settle = (body: unknown) =>
  service.call<{ items: { orderId: string; status: string }[] }>('POST', '/internal/reservations/settle', {
    as: 'service',
    body,
  });

async function reserved(productId: string, quantity = 2): Promise<string> {
  const orderId = newId();
  expect(await put(orderId, [{ productId, quantity }])).toMatchObject({ status: 200 });
  return orderId;
}

function orderEvent(type: 'order.completed' | 'order.cancelled', orderId: string, sequence: number) {
  const money = { amount: 1, currency: 'EUR' };
  const order = { orderId, userId: newId(), email: 'a@souk.example', name: 'A', items: [], total: money };
  const address = { name: 'A', line1: 'B', line2: null, city: 'C', postalCode: '1', country: 'DE', phone: null };
  const shared = { id: newId(), subject: orderId, time: new Date(), sequence };
  return type === 'order.completed'
    ? createEvent({ ...shared, type, data: { ...order, shippingAddress: address } })
    : createEvent({ ...shared, type, data: { ...order, reason: 'customer' } });
}

async function publish(...events: ReturnType<typeof orderEvent>[]): Promise<void> {
  const messages = events.map((event) => ({
    id: event.id,
    type: event.type,
    body: Buffer.from(JSON.stringify(event)),
    mandatory: true,
  }));
  // Straight into the queue: nobody else listens in this test.
  await broker.sendToQueue(queueNameOf('product-service'), messages);
}

const statusOf = async (orderId: string) => (await get(orderId)).body.status;
const deadLetterOf = async (orderId: string) =>
  (await db().query('SELECT reason, attempts FROM dead_letters WHERE order_id = $1', [orderId])).rows[0];

describe('a reservation over REST', () => {
  it('is made, read and given back', async () => {
    const productId = await aProduct();
    const orderId = newId();
    const made = await put(orderId, [{ productId, quantity: 3 }]);
    expect(made).toMatchObject({
      status: 200,
      body: {
        orderId,
        status: 'active',
        items: [{ productId, sku: `SKU-${productId}`, name: 'Thing 1', quantity: 3, unitPrice: { amount: 1001 } }],
        total: { amount: 3003, currency: 'EUR' },
      },
    });
    expect(made.body.expiresAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect((await get(orderId)).body).toEqual(made.body);
    for (let i = 0; i < 3; i += 1) expect(await remove(orderId)).toMatchObject({ status: 204 });
    expect(await statusOf(orderId)).toBe('released');
    expect(await stockOf(db(), productId)).toMatchObject({ onHand: 10, reserved: 0 });
    expect(await put(orderId, [{ productId, quantity: 3 }])).toMatchObject({
      status: 409,
      body: { type: '/problems/reservation-closed' },
    });
  });

  it('of an unknown order is 404, and closed once it was given back', async () => {
    const productId = await aProduct();
    const orderId = newId();
    expect(await get(orderId)).toMatchObject({ status: 404 });
    expect(await remove(orderId)).toMatchObject({ status: 204 });
    expect(await get(orderId)).toMatchObject({
      status: 200,
      body: { status: 'released', items: [], total: { amount: 0, currency: 'EUR' } },
    });
    expect(await put(orderId, [{ productId, quantity: 1 }])).toMatchObject({ status: 409 });
  });

  it.each([
    ['no lines', [], 422],
    ['a quantity of 0', [{ productId: newId(), quantity: 0 }], 422],
    ['a quantity of 100', [{ productId: newId(), quantity: 100 }], 422],
    ['half a piece', [{ productId: newId(), quantity: 0.5 }], 422],
    ['a client price', [{ productId: newId(), quantity: 1, unitPrice: 1 }], 422],
    ['an id in upper case', [{ productId: newId().toUpperCase(), quantity: 1 }], 422],
    ['101 lines', Array.from({ length: 101 }, () => ({ productId: newId(), quantity: 1 })), 422],
    ['an unknown product', [{ productId: newId(), quantity: 1 }], 422],
  ])('is refused with %s', async (_, items, status) => {
    expect(await put(newId(), items)).toMatchObject({ status, body: { type: '/problems/validation' } });
  });

  it('settles many orders at once, as often as it is asked', async () => {
    const productId = await aProduct(100);
    const [sold, given, unknown, neverMade] = [await reserved(productId), await reserved(productId), newId(), newId()];
    for (let i = 0; i < 2; i += 1) {
      const { status, body } = await settle({ commit: [sold, neverMade], release: [given, unknown] });
      expect(status).toBe(200);
      expect(new Map(body.items.map((item) => [item.orderId, item.status]))).toEqual(
        new Map([
          [sold, 'committed'],
          [given, 'released'],
          [unknown, 'released'],
        ]),
      );
    }
    expect(await stockOf(db(), productId)).toMatchObject({ onHand: 98, reserved: 0 });
    expect((await settle({ release: [sold] })).body).toEqual({ items: [{ orderId: sold, status: 'restocked' }] });
    expect((await settle({ commit: [sold, given] })).body.items).toHaveLength(2);
    expect(await stockOf(db(), productId)).toMatchObject({ onHand: 100, reserved: 0 });
    expect(await brokenStock(db())).toEqual([]);
    const metrics = await service.call<string>('GET', '/metrics');
    // Twice the order that never reserved, once the one that had been released.
    expect(metrics.body).toMatch(/souk_stock_commits_refused_total\{[^}]*\} 3/);
  });
});

describe('events of orders', () => {
  it('commit and restock with movements, once, however often they come', async () => {
    const productId = await aProduct();
    const orderId = await reserved(productId, 4);
    const completed = orderEvent('order.completed', orderId, 2);
    for (let i = 0; i < 3; i += 1) await publish(completed);
    await waitFor(async () => (await statusOf(orderId)) === 'committed');
    expect(await stockOf(db(), productId)).toEqual({ onHand: 6, reserved: 0, version: 3 });
    const cancelled = orderEvent('order.cancelled', orderId, 3);
    for (let i = 0; i < 3; i += 1) await publish(cancelled, completed);
    await waitFor(async () => (await statusOf(orderId)) === 'restocked');
    expect(await stockOf(db(), productId)).toEqual({ onHand: 10, reserved: 0, version: 4 });
    const movements = await service.call<{ items: unknown[] }>(
      'GET',
      `/api/v1/products/${productId}/inventory/movements`,
      { as: 'admin' },
    );
    expect(movements.body.items).toMatchObject([
      { delta: 4, reason: 'restocked', orderId, onHandAfter: 10 },
      { delta: -4, reason: 'sold', orderId, onHandAfter: 6 },
      { delta: 10, reason: 'initial stock', orderId: null, onHandAfter: 10 },
    ]);
  });

  it('settle a large shuffled crowd in batches, to the piece', async () => {
    const products = await Promise.all([aProduct(500), aProduct(500), aProduct(500)]);
    const orders = await Promise.all(Array.from({ length: 60 }, (_, i) => reserved(products[i % 3] ?? '', 1)));
    const events = orders.flatMap((orderId, i) => [
      ...(i % 4 === 3 ? [] : [orderEvent('order.completed', orderId, 2)]),
      ...(i % 4 >= 2 ? [orderEvent('order.cancelled', orderId, 3)] : []),
    ]);
    await publish(...events.toSorted((a, b) => (a.id.slice(-6) < b.id.slice(-6) ? -1 : 1)));
    await waitFor(async () => {
      const { rows } = await db().query(
        "SELECT count(*)::int AS open FROM reservations WHERE order_id = ANY($1::uuid[]) AND status = 'active'",
        [orders],
      );
      return rows[0].open === 0;
    });
    const sold = await Promise.all(products.map(async (id) => 500 - (await stockOf(db(), id)).onHand));
    // i % 4 of 0 and 1 stay sold.
    expect(sold.reduce((sum, count) => sum + count, 0)).toBe(30);
    expect(await brokenStock(db())).toEqual([]);
  });

  it('that were overtaken by a newer one change nothing', async () => {
    const productId = await aProduct();
    const orderId = await reserved(productId);
    await publish(orderEvent('order.cancelled', orderId, 3));
    await waitFor(async () => (await statusOf(orderId)) === 'released');
    const late = orderEvent('order.completed', orderId, 2);
    await publish(late);
    await waitFor(
      async () => (await db().query('SELECT 1 FROM inbox WHERE message_id = $1', [late.id])).rowCount === 1,
    );
    expect(await statusOf(orderId)).toBe('released');
    expect(await deadLetterOf(orderId)).toBeUndefined();
  });

  it('that complete an order without stock become dead letters', async () => {
    const never = newId();
    await publish(orderEvent('order.completed', never, 2));
    expect(await waitFor(() => deadLetterOf(never))).toMatchObject({
      reason: expect.stringContaining('expected an active reservation'),
    });
    const orderId = await reserved(await aProduct());
    await remove(orderId);
    await publish(orderEvent('order.completed', orderId, 2));
    expect(await waitFor(() => deadLetterOf(orderId))).toMatchObject({
      reason: expect.stringContaining('released'),
    });
  });

  it('that cannot be read become dead letters and hold nobody up', async () => {
    const productId = await aProduct();
    const orderId = await reserved(productId);
    const poison = { id: newId(), type: 'order.completed', body: Buffer.from('{"specversion"'), mandatory: true };
    await broker.sendToQueue(queueNameOf('product-service'), [poison]);
    await publish(orderEvent('order.completed', orderId, 2));
    await waitFor(async () => (await statusOf(orderId)) === 'committed');
    const { rows } = await waitFor(async () => {
      const found = await db().query('SELECT reason FROM dead_letters WHERE message_id = $1', [poison.id]);
      return found.rowCount === 1 && found;
    });
    expect(rows[0].reason).toContain('JSON');
  });
});

describe('a reservation past its time', () => {
  it('keeps its stock, and its order is told, again and again until it decides', async () => {
    const productId = await aProduct();
    const orderId = await reserved(productId);
    await db().query("UPDATE reservations SET expires_at = now() - interval '1 second' WHERE order_id = $1", [orderId]);
    const told = async () =>
      (
        await db().query<{ id: string; body: { data: unknown } }>(
          "SELECT id, body::json AS body FROM outbox WHERE aggregate_id = $1 AND type = 'inventory.reservation_expired'",
          [orderId],
        )
      ).rows;
    await waitFor(async () => (await told()).length > 0);
    expect((await told())[0]?.body).toMatchObject({ subject: orderId, data: { orderId } });
    expect(await statusOf(orderId)).toBe('active');
    expect(await stockOf(db(), productId)).toMatchObject({ reserved: 2 });
    await waitFor(async () => (await told()).length > 1);
    const ids = (await told()).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    await settle({ commit: [orderId] });
    const after = (await told()).length;
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect((await told()).length).toBe(after);
    expect(await stockOf(db(), productId)).toMatchObject({ onHand: 8, reserved: 0 });
  });
});

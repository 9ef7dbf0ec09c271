import { newId } from '@souk/service-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenStock, insertTestProducts } from '../../test/builders.ts';
import { type RunningProductService, runProductService } from '../../test/running-product-service.ts';

interface InventoryBody {
  productId: string;
  onHand: number;
  reserved: number;
  available: number;
  version: number;
}

interface MovementsBody {
  items: { at: string; delta: number; reason: string; orderId: string | null; onHandAfter: number }[];
  nextCursor: string | null;
  total: number;
}

let service: RunningProductService;
let productId: string;

beforeAll(async () => {
  service = await runProductService();
});
afterAll(() => service.stop());

async function aProduct(onHand: number): Promise<string> {
  const [product] = await insertTestProducts(service.database.pool, [onHand]);
  return product?.id ?? '';
}

const path = (rest = '') => `/api/v1/products/${productId}/inventory${rest}`;
const get = () => service.call<InventoryBody>('GET', path(), { as: 'admin' });
const setOnHand = (onHand: unknown, tag?: string) =>
  service.call<InventoryBody>('PUT', path(), {
    as: 'admin',
    body: { onHand },
    ...(tag === undefined ? {} : { headers: { 'if-match': tag } }),
  });
const adjust = (body: unknown) => service.call<InventoryBody>('POST', path('/adjustments'), { as: 'admin', body });
const reserve = (quantity: number) =>
  service.call('PUT', `/internal/reservations/${newId()}`, {
    as: 'service',
    body: { items: [{ productId, quantity }] },
  });
const movements = (query = '') => service.call<MovementsBody>('GET', path(`/movements${query}`), { as: 'admin' });
async function lowStockEvents(): Promise<unknown[]> {
  const { rows } = await service.database.pool.query(
    "SELECT body::json->'data' AS data FROM outbox WHERE aggregate_id = $1 AND type = 'inventory.low_stock' ORDER BY position",
    [productId],
  );
  return rows.map((row) => row.data);
}

describe('the inventory of a product', () => {
  it('is counted by the version it was read at', async () => {
    productId = await aProduct(10);
    await reserve(4);
    const read = await get();
    expect(read).toMatchObject({
      status: 200,
      body: { productId, onHand: 10, reserved: 4, available: 6, version: 2 },
    });
    expect(read.headers.get('etag')).toBe('"2"');
    expect(await setOnHand(20)).toMatchObject({ status: 428 });
    expect(await setOnHand(20, '"1"')).toMatchObject({ status: 412 });
    const counted = await setOnHand(20, '"2"');
    expect(counted).toMatchObject({ status: 200, body: { onHand: 20, reserved: 4, available: 16, version: 3 } });
    expect(counted.headers.get('etag')).toBe('"3"');
    expect(await setOnHand(3, '"3"')).toMatchObject({ status: 409, body: { type: '/problems/insufficient-stock' } });
    expect(await setOnHand(4, '"3"')).toMatchObject({ status: 200, body: { available: 0, version: 4 } });
    const page = await service.call<{ version: number }>('GET', `/api/v1/products/${productId}`);
    expect(page.body.version).toBe(1);
    expect(page.headers.get('etag')).toBe('"1-4"');
  });

  it.each([-1, 0.5, 2 ** 31, 1e308, '5', null, true])('is not counted as %s', async (onHand) => {
    productId = await aProduct(10);
    const { status, body } = await setOnHand(onHand, '"1"');
    expect(status).toBe(422);
    expect(body).toHaveProperty('errors.0.pointer', '/onHand');
  });

  it('is adjusted with a reason, never below what is reserved', async () => {
    productId = await aProduct(10);
    await reserve(4);
    const adjusted = await adjust({ delta: -6, reason: 'Broken\nin transit' });
    expect(adjusted).toMatchObject({ status: 201, body: { onHand: 4, available: 0 } });
    expect(adjusted.headers.get('location')).toBe(path());
    expect(await adjust({ delta: -1, reason: 'theft' })).toMatchObject({
      status: 409,
      body: { type: '/problems/insufficient-stock' },
    });
    expect(await adjust({ delta: 1_000_000_000, reason: 'much' })).toMatchObject({ status: 422 });
    expect((await movements()).body.items[0]).toMatchObject({
      delta: -6,
      reason: 'Broken\nin transit',
      onHandAfter: 4,
    });
  });

  it.each([
    ['a delta of 0', { delta: 0, reason: 'a' }, '/delta'],
    ['half a piece', { delta: 0.5, reason: 'a' }, '/delta'],
    ['no reason', { delta: 1 }, '/reason'],
    ['a blank reason', { delta: 1, reason: ' ' }, '/reason'],
    ['501 characters', { delta: 1, reason: 'x'.repeat(501) }, '/reason'],
    ['an unknown field', { delta: 1, reason: 'a', onHand: 3 }, '/onHand'],
  ])('is not adjusted with %s', async (_, body, pointer) => {
    productId = await aProduct(10);
    expect(await adjust(body)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  });

  it('counts every accepted write once, whoever writes at the same time', async () => {
    productId = await aProduct(100);
    const writes = Array.from({ length: 40 }, (_, i) =>
      i % 2 === 0 ? adjust({ delta: 1, reason: 'in' }) : reserve(2),
    );
    const statuses = (await Promise.all(writes)).map(({ status }) => status);
    // On a loaded machine one may wait too long for its lock: it is told so, and has changed nothing.
    expect(new Set(statuses.filter((status) => status !== 503))).toEqual(new Set([200, 201]));
    const accepted = (rest: number) => statuses.filter((status, i) => status < 300 && i % 2 === rest).length;
    expect((await get()).body).toMatchObject({
      onHand: 100 + accepted(0),
      reserved: 2 * accepted(1),
      version: 1 + accepted(0) + accepted(1),
    });
    expect(await brokenStock(service.database.pool)).toEqual([]);
  });

  it('of an unknown product is 404, for every verb', async () => {
    productId = newId();
    for (const answer of [
      await get(),
      await setOnHand(1, '"1"'),
      await adjust({ delta: 1, reason: 'a' }),
      await movements(),
    ])
      expect(answer).toMatchObject({ status: 404 });
    productId = 'aria-over-ear-headphones';
    expect(await get()).toMatchObject({ status: 404 });
  });
});

describe('movements', () => {
  it('are listed newest first, page by page', async () => {
    productId = await aProduct(1);
    for (let delta = 1; delta <= 7; delta += 1) await adjust({ delta, reason: `delivery ${delta}` });
    const first = (await movements('?limit=3')).body;
    expect(first).toMatchObject({ total: 8, items: [{ delta: 7 }, { delta: 6 }, { delta: 5 }] });
    await adjust({ delta: 9, reason: 'meanwhile' });
    const second = (await movements(`?limit=3&cursor=${first.nextCursor}`)).body;
    const third = (await movements(`?limit=3&cursor=${second.nextCursor}`)).body;
    expect([...second.items, ...third.items].map(({ delta }) => delta)).toEqual([4, 3, 2, 1, 1]);
    expect(third.nextCursor).toBeNull();
    expect(third.items.at(-1)).toMatchObject({ reason: 'initial stock', orderId: null, onHandAfter: 1 });
    productId = await aProduct(1);
    expect(await movements(`?cursor=${first.nextCursor}`)).toMatchObject({ status: 422 });
    expect(await movements('?limit=0')).toMatchObject({ status: 422 });
  });
});

describe('low stock', () => {
  it('is told at each fall to the threshold, not while it stays low', async () => {
    productId = await aProduct(8);
    await adjust({ delta: -3, reason: 'lent' });
    await adjust({ delta: -1, reason: 'lent' });
    expect(await lowStockEvents()).toMatchObject([{ productId, sku: `SKU-${productId}`, available: 5, threshold: 5 }]);
    await adjust({ delta: 10, reason: 'delivery' });
    const { body } = await get();
    await setOnHand(2, `"${body.version}"`);
    await setOnHand(1, `"${body.version + 1}"`);
    expect(await lowStockEvents()).toMatchObject([{ available: 5 }, { available: 2 }]);
  });
});

describe('GET /internal/products', () => {
  it('answers what is on sale in the sequence of the ids', async () => {
    const [a, b] = [await aProduct(3), await aProduct(4)];
    const ids = [b, newId(), a, b].join(',');
    const { status, body } = await service.call<{ items: unknown[] }>('GET', `/internal/products?ids=${ids}`, {
      as: 'service',
    });
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      { id: b, name: 'Thing 1', price: { amount: 1001, currency: 'EUR' }, available: 4 },
      { id: a, available: 3 },
    ]);
  });

  it.each([
    ['no ids', ''],
    ['an empty list', '?ids='],
    ['something else', '?ids=abc'],
    ['101 ids', `?ids=${Array.from({ length: 101 }, () => newId()).join(',')}`],
  ])('refuses %s', async (_, query) => {
    expect(await service.call('GET', `/internal/products${query}`, { as: 'service' })).toMatchObject({ status: 422 });
  });
});

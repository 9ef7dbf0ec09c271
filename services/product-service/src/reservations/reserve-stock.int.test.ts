import { newId } from '@souk/service-runtime';
import { createTestDatabase, type TestDatabase } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenStock, insertTestProducts, stockOf } from '../../test/builders.ts';
import { migrations } from '../generated/migrations.ts';
import { endReservations, findReservation } from './reservation-repository.ts';
import { type ReserveStockDependencies, reserveStock } from './reserve-stock.ts';

let database: TestDatabase;
let deps: ReserveStockDependencies;

beforeAll(async () => {
  database = await createTestDatabase(migrations);
  deps = {
    pool: database.pool,
    now: () => new Date(),
    newId,
    relay: { wake() {} },
    reservationTtlMs: 60_000,
    lowStockThreshold: 5,
  };
});
afterAll(() => database.drop());

const reserve = (orderId: string, items: { productId: string; quantity: number }[]) =>
  reserveStock(deps, { orderId, items });

/** Slugs of refusals, and 'reserved'. */
async function outcomes(attempts: Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const result of await Promise.allSettled(attempts)) {
    const outcome = result.status === 'fulfilled' ? 'reserved' : (result.reason.code ?? String(result.reason));
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

describe('reserving stock', () => {
  it('holds every line at the price of the moment', async () => {
    const [a, b] = await insertTestProducts(database.pool, [10, 10]);
    const orderId = newId();
    const reservation = await reserve(orderId, [
      { productId: b?.id ?? '', quantity: 2 },
      { productId: a?.id ?? '', quantity: 3 },
    ]);
    expect(reservation).toMatchObject({
      orderId,
      status: 'active',
      items: [
        { productId: b?.id, name: 'Thing 2', quantity: 2, unitPrice: { amount: 1002, currency: 'EUR' } },
        { productId: a?.id, name: 'Thing 1', quantity: 3, unitPrice: { amount: 1001, currency: 'EUR' } },
      ],
    });
    expect(await stockOf(database.pool, a?.id ?? '')).toEqual({ onHand: 10, reserved: 3, version: 2 });
    expect(await findReservation(database.pool, orderId)).toEqual(reservation);
  });

  it('answers the same reservation when it is asked again, and refuses other lines', async () => {
    const [a] = await insertTestProducts(database.pool, [10]);
    const orderId = newId();
    const first = await reserve(orderId, [{ productId: a?.id ?? '', quantity: 4 }]);
    const again = await Promise.all(
      Array.from({ length: 5 }, () => reserve(orderId, [{ productId: a?.id ?? '', quantity: 4 }])),
    );
    for (const repeated of again) expect(repeated).toEqual(first);
    await expect(reserve(orderId, [{ productId: a?.id ?? '', quantity: 5 }])).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await stockOf(database.pool, a?.id ?? '')).toMatchObject({ reserved: 4, version: 2 });
  });

  it('holds once when the same request arrives many times at once', async () => {
    // Just enough for one: a repeat that waited must find its own reservation, not a lack of stock.
    const [a] = await insertTestProducts(database.pool, [4]);
    const orderId = newId();
    const same = Array.from({ length: 10 }, () => reserve(orderId, [{ productId: a?.id ?? '', quantity: 4 }]));
    expect(await outcomes(same)).toEqual({ reserved: 10 });
    expect(await stockOf(database.pool, a?.id ?? '')).toMatchObject({ reserved: 4 });
  });

  it('holds nothing when one line is short, and names each short line', async () => {
    const [a, b, c] = await insertTestProducts(database.pool, [10, 1, 0]);
    const attempt = reserve(newId(), [
      { productId: a?.id ?? '', quantity: 1 },
      { productId: b?.id ?? '', quantity: 2 },
      { productId: c?.id ?? '', quantity: 1 },
    ]);
    await expect(attempt).rejects.toMatchObject({
      code: 'out-of-stock',
      errors: [
        { pointer: '/items/1/quantity', detail: 'Thing 2: 2 wanted, 1 available' },
        { pointer: '/items/2/quantity', detail: 'Thing 3: 1 wanted, 0 available' },
      ],
    });
    expect(await stockOf(database.pool, a?.id ?? '')).toMatchObject({ reserved: 0 });
  });

  it('adds up the lines of one product', async () => {
    const [a] = await insertTestProducts(database.pool, [3]);
    const attempt = reserve(newId(), [
      { productId: a?.id ?? '', quantity: 2 },
      { productId: a?.id ?? '', quantity: 2 },
    ]);
    await expect(attempt).rejects.toMatchObject({ code: 'out-of-stock', errors: [{ pointer: '/items/0/quantity' }] });
  });

  it('names lines of products that are not on sale', async () => {
    const [a] = await insertTestProducts(database.pool, [3]);
    const attempt = reserve(newId(), [
      { productId: a?.id ?? '', quantity: 1 },
      { productId: newId(), quantity: 1 },
    ]);
    await expect(attempt).rejects.toMatchObject({ code: 'validation', errors: [{ pointer: '/items/1/productId' }] });
  });

  it('finds a reservation closed that was released before it came', async () => {
    const [a] = await insertTestProducts(database.pool, [3]);
    const orderId = newId();
    await endReservations(database.pool, [{ orderId, ending: 'release' }], new Date());
    await expect(reserve(orderId, [{ productId: a?.id ?? '', quantity: 1 }])).rejects.toMatchObject({
      code: 'reservation-closed',
    });
    expect(await stockOf(database.pool, a?.id ?? '')).toMatchObject({ reserved: 0 });
  });
});

describe('many buyers', () => {
  it('sells exactly 50 of 50 to 200 buyers who come at once, in bounded time', async () => {
    const [hot] = await insertTestProducts(database.pool, [50]);
    const durationsMs: number[] = [];
    const attempts = Array.from({ length: 200 }, async () => {
      const begunMs = performance.now();
      try {
        return await reserve(newId(), [{ productId: hot?.id ?? '', quantity: 1 }]);
      } finally {
        durationsMs.push(performance.now() - begunMs);
      }
    });
    expect(await outcomes(attempts)).toEqual({ reserved: 50, 'out-of-stock': 150 });
    expect(await stockOf(database.pool, hot?.id ?? '')).toMatchObject({ onHand: 50, reserved: 50 });
    expect(Math.max(...durationsMs)).toBeLessThan(15_000);
  });

  it('sells 20 products to buyers who name them in opposite orders, without a deadlock', async () => {
    const products = await insertTestProducts(
      database.pool,
      Array.from({ length: 20 }, () => 30),
    );
    const lines = products.map(({ id }) => ({ productId: id, quantity: 1 }));
    const deadlocks = async () => {
      const { rows } = await database.ownerPool.query<{ deadlocks: string }>(
        'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
      );
      return Number(rows[0]?.deadlocks);
    };
    const before = await deadlocks();
    const attempts = Array.from({ length: 60 }, (_, i) => reserve(newId(), i % 2 === 0 ? lines : lines.toReversed()));
    expect(await outcomes(attempts)).toEqual({ reserved: 30, 'out-of-stock': 30 });
    expect(await deadlocks()).toBe(before);
    expect(await brokenStock(database.pool)).toEqual([]);
  });

  it('reserves, commits and releases against each other without a deadlock', async () => {
    const products = await insertTestProducts(
      database.pool,
      Array.from({ length: 8 }, () => 1_000),
    );
    const lines = products.map(({ id }) => ({ productId: id, quantity: 1 }));
    const work = Array.from({ length: 80 }, async (_, i) => {
      const orderId = newId();
      await reserve(orderId, i % 2 === 0 ? lines : lines.toReversed());
      const ended = await endReservations(
        database.pool,
        [{ orderId, ending: i % 3 === 0 ? 'release' : 'commit' }],
        new Date(),
      );
      return ended;
    });
    expect(await outcomes(work)).toEqual({ reserved: 80 });
    expect(await brokenStock(database.pool)).toEqual([]);
  });
});

describe('low stock', () => {
  it('is told once, by the reservation that brings the product down to the threshold', async () => {
    const [a] = await insertTestProducts(database.pool, [7]);
    for (let i = 0; i < 4; i += 1) await reserve(newId(), [{ productId: a?.id ?? '', quantity: 1 }]);
    const { rows } = await database.pool.query(
      `SELECT sequence, type, body::json AS body FROM outbox WHERE aggregate_id = $1`,
      [a?.id],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      sequence: 3,
      type: 'inventory.low_stock',
      body: {
        specversion: '1.0',
        source: '/product-service',
        subject: a?.id,
        sequence: '3',
        data: { productId: a?.id, sku: a?.sku, name: 'Thing 1', available: 5, threshold: 5 },
      },
    });
  });
});

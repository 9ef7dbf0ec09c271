import { newId } from '@souk/service-runtime';
import { createTestDatabase, type TestDatabase } from '@souk/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { brokenStock, insertTestProducts, stockOf } from '../../test/builders.ts';
import { migrations } from '../generated/migrations.ts';
import { adjustStock, setOnHand } from '../inventory/change-stock.ts';
import { decideAdjust, decideSetOnHand, type Stock } from '../inventory/stock.ts';
import { decideEnd, type Ending, type ReservationStatus } from './reservation.ts';
import { endReservations, findReservation } from './reservation-repository.ts';
import { reserveStock } from './reserve-stock.ts';

// Whatever happens to stock in whatever sequence, the database ends where the pure decisions end.

const PRODUCTS = 3;
const ORDERS = 4;
const product = fc.nat(PRODUCTS - 1);
const order = fc.nat(ORDERS - 1);
const ending = fc.constantFrom<Ending>('commit', 'release');

const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      order,
      lines: fc.array(fc.tuple(product, fc.integer({ min: 1, max: 6 })), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      endings: fc.uniqueArray(
        fc.record({ order, ending, sequence: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }) }),
        { minLength: 1, maxLength: 3, selector: (one) => one.order },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('adjust' as const),
      product,
      delta: fc.integer({ min: -6, max: 6 }).filter((delta) => delta !== 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('count' as const), product, onHand: fc.nat(12) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

interface ModelReservation {
  status: ReservationStatus;
  lines: Map<number, number>;
  sequence: number | undefined;
}

interface Model {
  stock: Stock[];
  reservations: Map<number, ModelReservation>;
}

/** The same decisions as the service, in memory. */
function apply(model: Model, step: Operation): void {
  switch (step.kind) {
    case 'reserve': {
      if (model.reservations.has(step.order)) return;
      const lines = new Map<number, number>();
      for (const [index, quantity] of step.lines) lines.set(index, (lines.get(index) ?? 0) + quantity);
      const fits = [...lines].every(([index, quantity]) => {
        const stock = model.stock[index];
        return stock !== undefined && stock.onHand - stock.reserved >= quantity;
      });
      if (!fits) return;
      for (const [index, quantity] of lines) change(model, index, 0, quantity);
      model.reservations.set(step.order, { status: 'active', lines, sequence: undefined });
      return;
    }
    case 'end':
      for (const one of step.endings) endInModel(model, one);
      return;
    case 'adjust':
    case 'count': {
      const stock = model.stock[step.product] as Stock;
      const decision =
        step.kind === 'adjust' ? decideAdjust(stock, step.delta, 1_000) : decideSetOnHand(stock, step.onHand, 1_000);
      if (decision.kind === 'changed') model.stock[step.product] = decision.stock;
    }
  }
}

function endInModel(model: Model, one: { order: number; ending: Ending; sequence: number | undefined }): void {
  const reservation = model.reservations.get(one.order);
  const stale =
    reservation?.sequence !== undefined && one.sequence !== undefined && one.sequence <= reservation.sequence;
  if (stale) return;
  const decision = decideEnd(reservation?.status, one.ending);
  if (reservation === undefined) {
    if (decision.kind === 'ends')
      model.reservations.set(one.order, { status: decision.status, lines: new Map(), sequence: one.sequence });
    return;
  }
  if (one.sequence !== undefined) reservation.sequence = one.sequence;
  if (decision.kind !== 'ends') return;
  for (const [index, quantity] of reservation.lines) {
    if (decision.status === 'restocked') change(model, index, quantity, 0);
    else change(model, index, decision.status === 'committed' ? -quantity : 0, -quantity);
  }
  reservation.status = decision.status;
}

function change(model: Model, index: number, onHand: number, reserved: number): void {
  const stock = model.stock[index] as Stock;
  model.stock[index] = {
    onHand: stock.onHand + onHand,
    reserved: stock.reserved + reserved,
    version: stock.version + 1,
  };
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());

async function run(step: Operation, productIds: string[], orderIds: string[]): Promise<void> {
  const { pool } = database;
  const shared = {
    pool,
    now: () => new Date(),
    newId,
    relay: { wake() {} },
    lowStockThreshold: 5,
    reservationTtlMs: 60_000,
    generation: { incarnation: () => '', current: async () => 0, announce: async () => {} },
  };
  const ignoreRefusal = (error: { name: string }) => {
    if (error.name !== 'Refusal') throw error;
  };
  const productId = 'product' in step ? (productIds[step.product] ?? '') : '';
  switch (step.kind) {
    case 'reserve': {
      const items = step.lines.map(([index, quantity]) => ({ productId: productIds[index] ?? '', quantity }));
      await reserveStock(shared, { orderId: orderIds[step.order] ?? '', items }).catch(ignoreRefusal);
      return;
    }
    case 'end': {
      const wanted = step.endings.map((one) => ({ ...one, orderId: orderIds[one.order] ?? '' }));
      await endReservations(pool, wanted, new Date());
      return;
    }
    case 'adjust':
      await adjustStock(shared, { productId, delta: step.delta, reason: 'test' }).catch(ignoreRefusal);
      return;
    case 'count':
      await setOnHand(shared, { productId, onHand: step.onHand, checkVersion() {} }).catch(ignoreRefusal);
  }
}

it('keeps the stock as the decisions say, and every piece accounted for', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 25 }), async (steps) => {
      const initial = [10, 6, 3];
      const productIds = (await insertTestProducts(database.pool, initial)).map(({ id }) => id);
      const orderIds = Array.from({ length: ORDERS }, () => newId());
      const model: Model = {
        stock: initial.map((onHand) => ({ onHand, reserved: 0, version: 1 })),
        reservations: new Map(),
      };
      for (const step of steps) {
        apply(model, step);
        await run(step, productIds, orderIds);
      }
      expect(await Promise.all(productIds.map((id) => stockOf(database.pool, id)))).toEqual(model.stock);
      for (const [index, orderId] of orderIds.entries()) {
        const found = await findReservation(database.pool, orderId);
        expect(found?.status).toBe(model.reservations.get(index)?.status);
      }
      expect(await brokenStock(database.pool)).toEqual([]);
    }),
    { numRuns: 60 },
  );
}, 120_000);

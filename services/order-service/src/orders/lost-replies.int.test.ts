import type { Refusal } from '@souk/contracts';
import { newId, type Pool } from '@souk/service-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anAddress, euros, PRODUCT_ID } from '../../test/builders.ts';
import { anUnusedStockClient, type OrderWorld, startOrderWorld } from '../../test/order-world.ts';
import { type PlaceOrder, placeOrder } from './place-order.ts';
import type { StockClient } from './stock-client.ts';

/*
 * The database does what it is asked, and its reply to the n-th statement never arrives: what a process sees that lost its
 * connection, and what the next process finds after one that was killed at this point.
 */
const reserved = new Set<string>();
const stock: StockClient = {
  ...anUnusedStockClient,
  reserve: (orderId, lines) => {
    reserved.add(orderId);
    const items = lines.map(({ productId, quantity }) => ({
      ...{ productId, quantity, sku: 'TEA-001', name: 'Mountain tea' },
      unitPrice: euros(1299),
    }));
    const expiresAt = new Date(Date.now() + 900_000);
    return Promise.resolve({ kind: 'reserved', reservation: { orderId, status: 'active', expiresAt, items } });
  },
};

class LostReplyError extends Error {
  override readonly name = 'LostReplyError';
}

/** Passes statements on; from the n-th on the reply is lost, or (`before`) the statement does not even arrive. */
function losing(pool: Pool, from: number, kind: 'reply' | 'before'): Pool {
  let statements = 0;
  return {
    query: async (sql: string, values: unknown[]) => {
      statements += 1;
      if (statements > from || (statements === from && kind === 'before')) throw new LostReplyError();
      const result = await pool.query(sql, values);
      if (statements === from) throw new LostReplyError();
      return result;
    },
  } as unknown as Pool;
}

let world: OrderWorld;
beforeAll(async () => {
  world = await startOrderWorld({ stock });
});
afterAll(() => world.stop());

const noCart = () => Promise.reject(new TypeError('no cart in this test'));
const carts = { readForOrder: noCart, empty: noCart };

function aPlaceOrderCommand(): PlaceOrder {
  return {
    userId: newId(),
    email: 'ada@souk.example',
    lines: [{ productId: PRODUCT_ID, quantity: 1, index: 0 }],
    shippingAddress: anAddress(),
    paymentMethod: 'tok_ok',
    key: { method: 'POST', path: '/api/v1/orders', key: newId(), fingerprint: 'f' },
    toProblem: (refusal: Refusal) => ({ status: 409, body: { type: refusal.code } }),
  };
}

const ordersOf = (userId: string) =>
  world.rows<{ id: string; version: number }>(
    `SELECT o.id, o.version FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN outbox e ON e.aggregate_id = o.id
     JOIN order_history h ON h.order_id = o.id WHERE o.user_id = $1`,
    [userId],
  );
/** The lock of a process that is gone runs out. */
const runOutLock = (userId: string) =>
  world.pool.query('UPDATE idempotency_keys SET locked_until = now() WHERE user_id = $1', [userId]);

describe('a request whose connection is lost', () => {
  it.each([
    [1, 'before', 0],
    [1, 'reply', 0],
    [2, 'before', 0],
    [2, 'reply', 1],
  ] as const)('at statement %i (%s) leaves %i orders, and its retry one, whole', async (from, kind, left) => {
    const command = aPlaceOrderCommand();
    const pool = losing(world.pool, from, kind);
    await expect(placeOrder({ ...world.deps, pool, carts }, command)).rejects.toThrow(LostReplyError);
    const before = await ordersOf(command.userId);
    expect(before).toHaveLength(left);
    await runOutLock(command.userId);

    reserved.clear();
    const answer = await placeOrder({ ...world.deps, carts }, command);
    expect(answer.status).toBe(201);
    const after = await ordersOf(command.userId);
    expect(after).toHaveLength(1);
    expect(JSON.parse(answer.bodyText ?? '{}').id).toBe(after[0]?.id);
    // The decided order is repeated and not made again.
    if (left === 1) {
      expect(after).toEqual(before);
      expect(reserved.size).toBe(0);
      expect(answer.headers?.['idempotent-replayed']).toBe('true');
    }
  });
});

import { newId } from '@souk/service-runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { anEvent, aPaymentEvent, type OrderWorld, startOrderWorld } from '../../test/order-world.ts';
import { cancelOrder } from './cancel-order.ts';
import { deliverOrder } from './deliver-order.ts';
import { eraseRemaining } from './erase-personal-data.ts';
import type { Order } from './order.ts';
import { countOpenOrders, redriveOrders } from './redrive-orders.ts';
import { addOrphan, releaseOrphans } from './release-orphans.ts';
import { settleStock } from './settle-stock.ts';
import { shipOrder } from './ship-order.ts';
import type { StockClient } from './stock-client.ts';

let now = new Date();
const stock = {
  released: [] as string[],
  asked: [] as { commit: string[]; release: string[] }[],
  answer: new Map<string, string>(),
  /** What product-service cannot end. */
  poison: new Set<string>(),
  meanwhile: undefined as (() => Promise<void>) | undefined,
};
const client: StockClient = {
  reserve: () => Promise.reject(new TypeError('not in this test')),
  release: async (orderId) => {
    if (stock.poison.has(orderId)) throw new Error('not this one');
    stock.released.push(orderId);
  },
  settle: async (wish) => {
    stock.asked.push(wish);
    await stock.meanwhile?.();
    if ([...wish.commit, ...wish.release].some((id) => stock.poison.has(id))) throw new Error('not with this one');
    return [...wish.commit.map((id) => [id, 'committed']), ...wish.release.map((id) => [id, 'released'])].map(
      ([orderId = '', status = '']) => ({ orderId, status: stock.answer.get(orderId) ?? status }),
    );
  },
};
const signal = new AbortController().signal;

let world: OrderWorld;
beforeAll(async () => {
  world = await startOrderWorld({ stock: client, clock: { now: () => now } });
});
afterAll(() => world.stop());
beforeEach(async () => {
  now = new Date();
  stock.released = [];
  stock.asked = [];
  stock.answer.clear();
  stock.poison.clear();
  stock.meanwhile = undefined;
  // Earlier tests' orders are nobody's business here.
  await world.pool.query('UPDATE orders SET stock_settle_after = NULL, redrive_after = NULL');
  await world.pool.query(`UPDATE outbox SET published_at = now()`);
});

const later = (ms: number) => {
  now = new Date(now.getTime() + ms);
};
const owner = (order: Order) => ({
  userId: order.userId,
  sessionId: newId(),
  roles: ['customer' as const],
  email: '',
  tokenId: newId(),
  expiresAt: now,
});
const cancel = (order: Order) => cancelOrder(world.deps, { orderId: order.id, caller: owner(order), reason: null });
const ship = (order: Order) =>
  shipOrder(world.deps, { orderId: order.id, tracking: { carrier: 'DHL', trackingNumber: '1' } });
const pay = (order: Order) => world.publish([aPaymentEvent(order, 'captured', 1)]);
const notesOf = async (order: Order) =>
  (
    await world.rows<{ stock_outcome: string | null; settles: boolean; redrives: boolean }>(
      `SELECT stock_outcome, stock_settle_after IS NOT NULL AS settles, redrive_after IS NOT NULL AS redrives
       FROM orders WHERE id = $1`,
      [order.id],
    )
  )[0];
const unpublished = async (order: Order) =>
  (
    await world.rows<{ type: string }>(
      'SELECT type FROM outbox WHERE aggregate_id = $1 AND published_at IS NULL ORDER BY position',
      [order.id],
    )
  ).map(({ type }) => type);

describe('settling the stock', () => {
  it('commits what completed orders hold and releases what cancelled ones held, in one call', async () => {
    const [sold, returned] = [await world.place(), await world.place()];
    await pay(sold);
    await cancel(returned);
    await settleStock(world.deps, signal);
    expect(stock.asked).toEqual([{ commit: [sold.id], release: [returned.id] }]);
    expect(await notesOf(sold)).toEqual({ stock_outcome: 'committed', settles: false, redrives: false });
    // Its payment is neither voided nor refunded yet.
    expect(await notesOf(returned)).toEqual({ stock_outcome: 'released', settles: false, redrives: true });
    await world.publish([aPaymentEvent(returned, 'voided', 1)]);
    expect((await notesOf(returned))?.redrives).toBe(false);
    await settleStock(world.deps, signal);
    expect(stock.asked).toHaveLength(1);
  });

  it('leaves an order alone for good whose payment was settled while the answer was on its way', async () => {
    const order = await world.place();
    await cancel(order);
    stock.meanwhile = () => world.publish([aPaymentEvent(order, 'voided', 1)]);
    await settleStock(world.deps, signal);
    expect(await notesOf(order)).toEqual({ stock_outcome: 'released', settles: false, redrives: false });
  });

  it('asks again for an order that was cancelled while the answer was on its way, without an alarm', async () => {
    const order = await world.place();
    await pay(order);
    stock.meanwhile = async () => {
      stock.meanwhile = undefined;
      await cancel(order);
    };
    await settleStock(world.deps, signal);
    expect(await notesOf(order)).toMatchObject({ stock_outcome: null, settles: true });
    stock.answer.set(order.id, 'restocked');
    later(10);
    await settleStock(world.deps, signal);
    expect((await notesOf(order))?.stock_outcome).toBe('restocked');
  });

  it('is not kept from the others by an order that product-service cannot settle', async () => {
    const orders = [await world.place(), await world.place(), await world.place(), await world.place()];
    for (const order of orders) await pay(order);
    const [poison, ...others] = orders;
    stock.poison.add(poison?.id ?? '');
    await expect(settleStock(world.deps, signal)).rejects.toThrow('not with this one');
    for (const order of others) expect(await notesOf(order)).toMatchObject({ stock_outcome: 'committed' });
    expect(await notesOf(poison as Order)).toMatchObject({ stock_outcome: null, settles: true });
  });

  it('gives up soon where product-service settles nothing at all', async () => {
    for (let placed = 0; placed < 8; placed += 1) {
      const order = await world.place();
      await pay(order);
      stock.poison.add(order.id);
    }
    await expect(settleStock(world.deps, signal)).rejects.toThrow();
    expect(stock.asked).toHaveLength(5);
  });

  it('never confirms an outcome that does not fit, and keeps asking', async () => {
    const order = await world.place();
    await pay(order);
    stock.answer.set(order.id, 'released');
    await settleStock(world.deps, signal);
    expect(await notesOf(order)).toMatchObject({ stock_outcome: null, settles: true, redrives: true });
  });
});

describe('redriving', () => {
  it('publishes the last event of an order without progress again, once in each interval', async () => {
    const order = await world.place();
    await world.pool.query('UPDATE outbox SET published_at = now()');
    await redriveOrders(world.deps, signal);
    expect(await unpublished(order)).toEqual([]);
    later(2_000);
    await redriveOrders(world.deps, signal);
    expect(await unpublished(order)).toEqual(['order.created']);
    await world.pool.query('UPDATE outbox SET published_at = now()');
    await redriveOrders(world.deps, signal);
    expect(await unpublished(order)).toEqual([]);
  });

  it('repeats the end of an order rather than later news without a consumer', async () => {
    const order = await world.place();
    await cancel(order);
    await world.publish([aPaymentEvent(order, 'captured', 1)]);
    await world.pool.query('UPDATE outbox SET published_at = now()');
    later(2_000);
    await redriveOrders(world.deps, signal);
    expect(await unpublished(order)).toEqual(['order.cancelled']);
    await countOpenOrders(world.deps);
  });

  it('leaves orders alone that wait for a payment method, and those that are settled', async () => {
    const waiting = await world.place({ paymentMethod: null });
    const done = await world.place();
    await pay(done);
    await settleStock(world.deps, signal);
    await world.pool.query('UPDATE outbox SET published_at = now()');
    later(600_000);
    await redriveOrders(world.deps, signal);
    expect([...(await unpublished(waiting)), ...(await unpublished(done))]).toEqual([]);
  });
});

describe('releasing reservations without an order', () => {
  it('calls product-service outside of any transaction and forgets them', async () => {
    const orderId = newId();
    await addOrphan(world.pool, orderId, now);
    await addOrphan(world.pool, orderId, now);
    await releaseOrphans(world.deps, signal);
    expect(stock.released).toEqual([orderId]);
    expect(await world.rows('SELECT 1 FROM orphaned_reservations')).toEqual([]);
  });

  it('goes on behind one that cannot be released', async () => {
    const orderIds = [newId(), newId(), newId()];
    for (const orderId of orderIds) await addOrphan(world.pool, orderId, now);
    const [first = '', ...others] = orderIds;
    stock.poison.add(first);
    await expect(releaseOrphans(world.deps, signal)).rejects.toThrow('not this one');
    expect(stock.released.toSorted()).toEqual(others.toSorted());
    expect(await world.rows('SELECT order_id FROM orphaned_reservations')).toEqual([{ order_id: first }]);
    await world.pool.query('DELETE FROM orphaned_reservations');
  });
});

describe('user.deleted', () => {
  const forget = (order: Order) => world.publish([anEvent('user.deleted', order.userId, { userId: order.userId })]);
  const traces = async (order: Order) =>
    (
      await world.rows<{ text: string }>(
        `SELECT o::text AS text FROM orders o WHERE id = $1 UNION ALL SELECT e::text FROM outbox e WHERE aggregate_id = $1
         UNION ALL SELECT t::text FROM order_timeline t WHERE order_id = $1
         UNION ALL SELECT k::text FROM idempotency_keys k WHERE user_id = $2`,
        [order.id, order.userId],
      )
    )
      .map(({ text }) => text)
      .join('\n');

  it('blanks an ended order and its old messages at once, as a version of its own', async () => {
    const order = await world.place({ userId: newId() });
    await cancel(order);
    await world.pool.query('UPDATE outbox SET published_at = now()');
    expect(await traces(order)).toContain('Lovelace');
    await forget(order);
    expect(await world.find(order.id)).toMatchObject({ email: null, erasure: 'done', version: 3 });
    for (const text of ['ada@souk.example', 'Lovelace', 'St James', '7946'])
      expect(await traces(order)).not.toContain(text);
    expect(await unpublished(order)).toEqual(['order.updated']);
  });

  it('waits for an open order to end, and for its last message to be out', async () => {
    const order = await world.place({ userId: newId() });
    await forget(order);
    await pay(order);
    await ship(order);
    await eraseRemaining(world.deps, signal);
    expect((await world.find(order.id)).email).toBe('ada@souk.example');
    await deliverOrder(world.deps, order.id);
    await eraseRemaining(world.deps, signal);
    expect((await world.find(order.id)).email).toBe('ada@souk.example');
    await world.pool.query('UPDATE outbox SET published_at = now()');
    await eraseRemaining(world.deps, signal);
    expect(await world.find(order.id)).toMatchObject({ email: null, fulfillmentStatus: 'delivered' });
    for (const text of ['ada@souk.example', 'Lovelace']) expect(await traces(order)).not.toContain(text);
  });

  it('also reaches an order that was being placed meanwhile', async () => {
    const first = await world.place({ userId: newId() });
    await forget(first);
    const second = await world.place({ userId: first.userId });
    expect(await world.rows('SELECT erasure FROM orders WHERE id = $1', [second.id])).toEqual([
      { erasure: 'requested' },
    ]);
    await world.pool.query(`UPDATE orders SET erasure = 'none' WHERE id = $1`, [second.id]);
    await eraseRemaining(world.deps, signal);
    expect(await world.rows('SELECT erasure FROM orders WHERE id = $1', [second.id])).toEqual([
      { erasure: 'requested' },
    ]);
  });
});

describe('the database', () => {
  it('refuses states, quantities and totals that must never be', async () => {
    const order = await world.place();
    const statements = [
      `UPDATE orders SET status = 'completed' WHERE id = $1`,
      `UPDATE orders SET payment_status = 'captured' WHERE id = $1`,
      `UPDATE orders SET fulfillment_status = 'shipped', carrier = 'x', tracking_number = 'x' WHERE id = $1`,
      `UPDATE orders SET status = 'cancelled' WHERE id = $1`,
      `UPDATE orders SET total_amount = -1 WHERE id = $1`,
      `UPDATE orders SET stock_outcome = 'committed' WHERE id = $1`,
      `UPDATE order_lines SET quantity = 0 WHERE order_id = $1`,
      `UPDATE order_lines SET quantity = 100 WHERE order_id = $1`,
      `UPDATE order_lines SET line_total_amount = line_total_amount + 1 WHERE order_id = $1`,
      `INSERT INTO order_history SELECT * FROM order_history WHERE order_id = $1`,
    ];
    for (const statement of statements)
      await expect(world.pool.query(statement, [order.id]), statement).rejects.toThrow(/violates/);
  });
});

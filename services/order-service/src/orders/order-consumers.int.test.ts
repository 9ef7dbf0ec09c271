import type { CloudEvent } from '@souk/contracts';
import { newId } from '@souk/service-runtime';
import { waitFor } from '@souk/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent, aPaymentEvent, type OrderWorld, startOrderWorld } from '../../test/order-world.ts';
import { cancelOrder } from './cancel-order.ts';
import { isPaymentSettled, type Order } from './order.ts';

let world: OrderWorld;
beforeAll(async () => {
  world = await startOrderWorld();
});
afterAll(() => world.stop());

const expiredEvent = (orderId: string) => anEvent('inventory.reservation_expired', orderId, { orderId });
const owner = (order: Order) => ({
  userId: order.userId,
  sessionId: newId(),
  roles: ['customer' as const],
  email: order.email ?? '',
  tokenId: newId(),
  expiresAt: new Date(Date.now() + 600_000),
});

/** One version <=> one history row <=> one outbox row; timeline numbers without a gap. */
async function expectWhole(orderId: string): Promise<void> {
  const orphans = await world.rows(
    `SELECT 1 FROM (SELECT order_id, version FROM order_history WHERE order_id = $1) h
     FULL JOIN (SELECT aggregate_id, sequence FROM outbox WHERE aggregate_id = $1) o
       ON o.aggregate_id = h.order_id AND o.sequence = h.version
     WHERE h.order_id IS NULL OR o.aggregate_id IS NULL`,
    [orderId],
  );
  expect(orphans).toEqual([]);
  const [row] = await world.rows<{ version: number; versions: number; entries: number; timeline_sequence: number }>(
    `SELECT version, timeline_sequence, (SELECT count(*)::int FROM order_history WHERE order_id = id) AS versions,
       (SELECT count(*)::int FROM order_timeline WHERE order_id = id) AS entries FROM orders WHERE id = $1`,
    [orderId],
  );
  expect(row?.versions).toBe(row?.version);
  expect(row?.entries).toBe(row?.timeline_sequence);
}

describe('payment events', () => {
  it('complete the order with one capture, however often they are delivered', async () => {
    const order = await world.place();
    const event = aPaymentEvent(order, 'captured', 1);
    await world.publish([event, event, event]);
    expect(await world.find(order.id)).toMatchObject({ status: 'completed', paymentStatus: 'captured', version: 2 });
    await expectWhole(order.id);
    const types = await world.rows('SELECT type, sequence FROM order_timeline WHERE order_id = $1 ORDER BY sequence', [
      order.id,
    ]);
    expect(types).toEqual([
      { type: 'order.created', sequence: 1 },
      { type: 'payment.completed', sequence: 2 },
      { type: 'order.completed', sequence: 3 },
    ]);
  });

  it('of one order converge in any order, three times each', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 0, 0, 1, 1, 1, 2, 2, 2], { minLength: 9 }), async (deliveries) => {
        const order = await world.place();
        const story = [
          aPaymentEvent(order, 'captured', 1),
          aPaymentEvent(order, 'partially_refunded', 2),
          aPaymentEvent(order, 'refunded', 3),
        ];
        await world.publish(deliveries.flatMap((index) => story[index] ?? []));
        expect(await world.find(order.id)).toMatchObject({ status: 'completed', paymentStatus: 'refunded' });
        await expectWhole(order.id);
      }),
      { numRuns: 15 },
    );
  });

  it('about an order that does not exist become dead letters, and their neighbours pass', async () => {
    const order = await world.place();
    const stranger = { ...order, id: newId() };
    // Nobody takes the dead letter in this test, so nobody waits for it.
    void world.publish([aPaymentEvent(stranger, 'captured', 1), aPaymentEvent(order, 'captured', 1)]);
    await waitFor(async () => (await world.find(order.id)).status === 'completed');
    expect(await world.rows('SELECT 1 FROM orders WHERE id = $1', [stranger.id])).toEqual([]);
  });

  it('without a sequence, or about what is no order id, are at fault themselves', async () => {
    const order = await world.place();
    const { sequence, ...unnumbered } = aPaymentEvent(order, 'captured', 1);
    expect(sequence).toBe('1');
    for (const event of [unnumbered, aPaymentEvent({ ...order, id: 'no-uuid' }, 'captured', 1)])
      await expect(world.handle([event as CloudEvent])).rejects.toMatchObject({ name: 'UnprocessableEventError' });
    expect((await world.find(order.id)).status).toBe('pending');
  });

  it('hand their trace on to the message of the completed order', async () => {
    const order = await world.place();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await world.publish([{ ...aPaymentEvent(order, 'captured', 1), traceparent }]);
    const [message] = await world.rows<{ body: string }>(
      `SELECT body FROM outbox WHERE aggregate_id = $1 AND type = 'order.completed'`,
      [order.id],
    );
    expect(JSON.parse(message?.body ?? '{}').traceparent).toContain('0af7651916cd43dd8448eb211c80319c');
  });

  it('with a wrong amount change nothing', async () => {
    const order = await world.place();
    await world.publish([aPaymentEvent({ ...order, total: { amount: 1, currency: 'EUR' } }, 'captured', 1)]);
    expect(await world.find(order.id)).toMatchObject({ status: 'pending', version: 1 });
    await expectWhole(order.id);
  });
});

describe('cancel, expiry, payment success and failure at the same time', () => {
  it('end completed with one capture or cancelled with none left', async () => {
    const action = fc.constantFrom('cancel', 'expire', 'captured', 'failed');
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 2, maxLength: 6 }), async (actions) => {
        const order = await world.place();
        // One payment has one outcome, told as often as it likes.
        const outcome = actions.find((one) => one === 'captured' || one === 'failed') ?? 'captured';
        const payment = aPaymentEvent(order, outcome === 'captured' ? 'captured' : 'failed', 1);
        await Promise.all(
          actions.map(async (one) => {
            if (one === 'expire') await world.publish([expiredEvent(order.id)]);
            else if (one !== 'cancel') await world.publish([payment]);
            else await cancelOrder(world.deps, { orderId: order.id, caller: owner(order), reason: null });
          }),
        );
        await world.publish([payment]);
        const before = await world.find(order.id);
        if (before.status === 'cancelled' && before.paymentStatus === 'captured')
          await world.publish([aPaymentEvent(order, 'refunded', 2)]);
        const end = await world.find(order.id);
        expect(isPaymentSettled(end)).toBe(true);
        if (actions.includes('cancel')) expect(end.status).toBe('cancelled');
        await expectWhole(order.id);
      }),
      { numRuns: 25 },
    );
  });
});

describe('inventory.reservation_expired', () => {
  it('cancels a pending order', async () => {
    const order = await world.place({ paymentMethod: null });
    await world.publish([expiredEvent(order.id)]);
    expect(await world.find(order.id)).toMatchObject({ status: 'cancelled', cancelReason: 'reservation-expired' });
  });

  it('asks for the stock of an ended order to be settled again', async () => {
    const order = await world.place();
    await world.publish([aPaymentEvent(order, 'captured', 1)]);
    await world.pool.query(`UPDATE orders SET stock_outcome = 'committed', stock_settle_after = NULL WHERE id = $1`, [
      order.id,
    ]);
    await world.publish([expiredEvent(order.id)]);
    const [row] = await world.rows(
      'SELECT stock_outcome, stock_settle_after IS NULL AS none FROM orders WHERE id = $1',
      [order.id],
    );
    expect(row).toEqual({ stock_outcome: null, none: false });
  });

  it('takes the id from a key whose order was never written, and notes the reservation for release', async () => {
    const orderId = newId();
    await world.pool.query(
      `INSERT INTO idempotency_keys (id, user_id, method, path, key, fingerprint, resource_id, locked_until)
       VALUES ($1, $1, 'POST', '/api/v1/orders', 'k', '', $2, now())`,
      [newId(), orderId],
    );
    await world.publish([expiredEvent(orderId), expiredEvent(orderId)]);
    expect(await world.rows('SELECT 1 FROM idempotency_keys WHERE resource_id = $1', [orderId])).toEqual([]);
    expect(await world.rows('SELECT 1 FROM orphaned_reservations WHERE order_id = $1', [orderId])).toHaveLength(1);
  });
});

describe('notification.sent', () => {
  it('is shown in the timeline and changes no version', async () => {
    const order = await world.place();
    await world.publish([
      anEvent('notification.sent', order.id, { orderId: order.id, channel: 'email', template: 'receipt' }),
      anEvent('notification.sent', order.userId, { channel: 'email', template: 'welcome' }),
    ]);
    expect((await world.find(order.id)).version).toBe(1);
    const [entry] = await world.rows(
      'SELECT sequence, type, data FROM order_timeline WHERE order_id = $1 AND sequence > 1',
      [order.id],
    );
    expect(entry).toEqual({ sequence: 2, type: 'notification.sent', data: { channel: 'email', template: 'receipt' } });
    await expectWhole(order.id);
  });
});

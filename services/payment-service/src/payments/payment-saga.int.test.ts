import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  anOrder,
  cancelled,
  created,
  type Harness,
  redriven,
  startHarness,
  toMessage,
  userDeleted,
} from '../../test/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ PAYMENT_PROVIDER_TIMEOUT_MS: '300', PAYMENT_LEASE_MS: '600' });
});
afterAll(() => harness.stop());

const typesOf = async (orderId: string) => (await harness.published(orderId)).map(({ type }) => type);
const kindsOf = async (orderId: string) => (await harness.ledger(orderId)).map(({ kind }) => kind);

describe('an order that was created', () => {
  test('is charged once, by the key of its payment, and the capture is published', async () => {
    const order = anOrder();
    await harness.publish(created(order));
    const row = await harness.untilStatus(order.orderId, 'captured');
    expect(await harness.ledger(order.orderId)).toEqual([{ kind: 'charge', amount: '3998', idempotency_key: row.id }]);
    const [event] = await harness.published(order.orderId);
    expect(event).toMatchObject({
      type: 'payment.completed',
      subject: order.orderId,
      sequence: '1',
      data: {
        orderId: order.orderId,
        userId: order.userId,
        email: order.email,
        paymentId: row.id,
        status: 'captured',
        captured: order.total,
        refunded: { amount: 0, currency: 'EUR' },
      },
    });
  });

  test('that comes three times is charged once', async () => {
    const order = anOrder();
    const event = created(order);
    await harness.publish(event, event, { ...event, id: created(order).id });
    await harness.untilStatus(order.orderId, 'captured');
    await harness.publish(event);
    expect(await typesOf(order.orderId)).toEqual(['payment.completed']);
    expect(await kindsOf(order.orderId)).toEqual(['charge']);
  });

  test.each([
    ['tok_declined', 'declined'],
    ['tok_insufficient_funds', 'insufficient_funds'],
    ['tok_of_nobody', 'unknown_payment_method'],
  ])('with %s fails for good with %s', async (paymentMethod, failureCode) => {
    const order = anOrder({ paymentMethod });
    await harness.publish(created(order));
    const row = await harness.untilStatus(order.orderId, 'failed');
    expect(row.failure_code).toBe(failureCode);
    expect(await typesOf(order.orderId)).toEqual(['payment.failed']);
    expect(await kindsOf(order.orderId)).toEqual([]);
  });

  test('with tok_timeout stays pending until it is asked again by the same key', async () => {
    const order = anOrder({ paymentMethod: 'tok_timeout' });
    await harness.publish(created(order));
    const row = await harness.untilStatus(order.orderId, 'captured');
    // Once more than once; oftener on a machine that is too loaded for the short timeout of these tests.
    expect(row.attempts).toBeGreaterThanOrEqual(2);
    expect(await kindsOf(order.orderId)).toEqual(['charge']);
  });

  test('with tok_flaky is charged after the failure', async () => {
    const order = anOrder({ paymentMethod: 'tok_flaky' });
    await harness.publish(created(order));
    expect((await harness.untilStatus(order.orderId, 'captured')).attempts).toBeGreaterThanOrEqual(2);
    expect(await kindsOf(order.orderId)).toEqual(['charge']);
  });

  test('without a method waits', async () => {
    const order = anOrder({ paymentMethod: null });
    await harness.publish(created(order));
    await sleep(150);
    expect(await harness.payment(order.orderId)).toMatchObject({ status: 'pending', attempts: 0 });
  });

  test('is not tried for the first time after its reservation has expired', async () => {
    const order = anOrder({ reservationExpiresAt: new Date(Date.now() - 1).toISOString() });
    await harness.publish(created(order));
    await sleep(150);
    expect(await harness.payment(order.orderId)).toMatchObject({ status: 'pending', attempts: 0 });
    await harness.publish(cancelled(order, 'reservation-expired'));
    await harness.untilStatus(order.orderId, 'voided');
  });
});

describe('a cancelled order', () => {
  test('voids the payment that was never tried', async () => {
    const order = anOrder({ paymentMethod: null });
    await harness.publish(created(order), cancelled(order));
    await harness.untilStatus(order.orderId, 'voided');
    expect(await typesOf(order.orderId)).toEqual(['payment.voided']);
  });

  test('that is heard of before its creation is never charged', async () => {
    const order = anOrder();
    await harness.publish(cancelled(order));
    await harness.publish(created(order));
    await harness.untilStatus(order.orderId, 'voided');
    await sleep(150);
    expect(await kindsOf(order.orderId)).toEqual([]);
    expect(await typesOf(order.orderId)).toEqual(['payment.voided']);
  });

  test('gets a capture back, once, by the key of its payment', async () => {
    const order = anOrder();
    await harness.publish(created(order));
    const { id } = await harness.untilStatus(order.orderId, 'captured');
    const event = cancelled(order);
    await harness.publish(event, event, { ...event, id: cancelled(order).id });
    await harness.untilStatus(order.orderId, 'refunded');
    expect(await typesOf(order.orderId)).toEqual(['payment.completed', 'payment.refunded']);
    const ledger = await harness.ledger(order.orderId);
    expect(ledger.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['charge', '3998'],
      ['refund', '3998'],
    ]);
    expect(ledger[1]?.idempotency_key).toBe(`refund:${id}`);
  });

  test('gets a late capture back: cancelled while the provider was silent', async () => {
    const order = anOrder({ paymentMethod: 'tok_timeout' });
    await harness.publish(created(order));
    await waitFor(async () => ((await harness.payment(order.orderId))?.attempts ?? 0) > 0);
    await harness.publish(cancelled(order));
    await harness.untilStatus(order.orderId, 'refunded');
    expect(await kindsOf(order.orderId)).toEqual(['charge', 'refund']);
  });

  test('voids the payment that the provider declined meanwhile', async () => {
    const order = anOrder({ paymentMethod: 'tok_declined' });
    const { pool } = harness.database;
    // The lease is taken before the cancellation: as if the charger had just asked.
    await harness.publish(created({ ...order, paymentMethod: null }));
    await pool.query(
      `UPDATE payments SET payment_method = 'tok_declined', first_tried_at = now(), due_at = now() + interval '1 hour'
       WHERE order_id = $1`,
      [order.orderId],
    );
    await harness.publish(cancelled(order));
    await pool.query('UPDATE payments SET due_at = now() WHERE order_id = $1', [order.orderId]);
    await harness.untilStatus(order.orderId, 'voided');
    expect(await typesOf(order.orderId)).toEqual(['payment.voided']);
  });
});

test('a redriven event that is known repeats the last event of the payment, with its id', async () => {
  const order = anOrder();
  const event = created(order);
  await harness.publish(event);
  await harness.untilStatus(order.orderId, 'captured');
  const before = await harness.published(order.orderId);
  // What still waits to go out is not repeated.
  await waitFor(
    async () => {
      const sql = 'SELECT 1 FROM outbox WHERE aggregate_id = $1 AND published_at IS NOT NULL';
      return (await harness.database.pool.query(sql, [order.orderId])).rowCount === 1;
    },
    { what: 'the event went out' },
  );
  await harness.publish(redriven(event));
  const { rows } = await harness.database.pool.query('SELECT id, redrive FROM outbox WHERE aggregate_id = $1', [
    order.orderId,
  ]);
  expect(rows).toEqual([{ id: before[0]?.id, redrive: 1 }]);
});

test('200 orders, shuffled with their cancellations and repeats, end in one of the two states', {
  timeout: 90_000,
}, async () => {
  const methods = ['tok_ok', 'tok_declined', 'tok_flaky', 'tok_timeout', 'tok_insufficient_funds', null];
  const orders = Array.from({ length: 200 }, (_, index) => ({
    order: anOrder({ paymentMethod: methods[index % methods.length] }),
    isCancelled: index % 2 === 0,
  }));
  const events = orders.flatMap(({ order, isCancelled }) => {
    const first = created(order);
    return isCancelled ? [first, first, cancelled(order), cancelled(order)] : [first, first];
  });
  for (let index = events.length - 1; index > 0; index -= 1) {
    const other = randomInt(index + 1);
    [events[index], events[other]] = [
      events[other] as (typeof events)[number],
      events[index] as (typeof events)[number],
    ];
  }
  for (let index = 0; index < events.length; index += 50) {
    await harness.broker.publish(events.slice(index, index + 50).map(toMessage));
    await sleep(10);
  }
  const ids = orders.map(({ order }) => order.orderId);
  await waitFor(
    async () => {
      const { rows } = await harness.database.pool.query(
        `SELECT count(*)::int AS open FROM payments LEFT JOIN refunds ON refunds.payment_id = payments.id AND refunds.status = 'pending'
         WHERE order_id = ANY($1::uuid[]) AND (refunds.id IS NOT NULL OR (payments.status = 'pending' AND (payment_method IS NOT NULL OR cancelled)))`,
        [ids],
      );
      return rows[0].open === 0;
    },
    { timeoutMs: 60_000 },
  );
  const { rows } = await harness.database.pool.query(
    `SELECT p.status, p.cancelled, p.amount, p.captured - p.refunded AS kept,
       coalesce((SELECT sum(CASE kind WHEN 'charge' THEN amount ELSE -amount END) FROM sandbox_ledger AS l
         WHERE l.order_id = p.order_id AND outcome = 'succeeded'), 0) AS booked,
       (SELECT count(*)::int FROM sandbox_ledger AS l WHERE l.order_id = p.order_id AND kind = 'charge' AND outcome = 'succeeded') AS charges,
       (SELECT count(*)::int FROM outbox AS o WHERE o.aggregate_id = p.order_id) AS events, p.version
     FROM payments AS p WHERE order_id = ANY($1::uuid[])`,
    [ids],
  );
  expect(rows).toHaveLength(200);
  for (const row of rows) {
    expect(row.kept).toBe(row.booked);
    expect(row.charges).toBeLessThanOrEqual(1);
    expect(row.events).toBe(row.version);
    if (row.cancelled) expect(row.kept).toBe('0');
    if (row.status === 'captured') expect(row.kept).toBe(row.amount);
  }
});

describe('a deleted user', () => {
  test('leaves no contact in payments and in old messages, and the money stays', async () => {
    const order = anOrder();
    await harness.publish(created(order));
    await harness.untilStatus(order.orderId, 'captured');
    await harness.database.pool.query('UPDATE outbox SET published_at = now() WHERE aggregate_id = $1', [
      order.orderId,
    ]);
    await harness.publish(userDeleted(order.userId));
    expect(await harness.payment(order.orderId)).toMatchObject({
      email: null,
      name: '',
      phone: null,
      captured: '3998',
    });
    const [event] = await harness.published(order.orderId);
    expect(event?.data).toMatchObject({ email: null, name: '', phone: null, captured: order.total });
  });
});

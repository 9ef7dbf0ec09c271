import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@souk/service-runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anOrder, cancelled, created, type Harness, startHarness } from '../../test/harness.ts';
import { createSandboxProvider } from '../providers/sandbox-provider.ts';
import { leaseCharges, leaseRefunds } from './leases.ts';

const PATIENCE_MS = 15_000;

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ PAYMENT_LEASE_MS: '1500' });
});
afterAll(() => harness.stop());

/** Another process leases the row before ours does, and dies at the point that `before` reaches. */
async function leaseByTheDead(order: ReturnType<typeof anOrder>, leaseMs: number) {
  const { pool } = harness.database;
  await harness.publish(created({ ...order, paymentMethod: null }));
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`UPDATE payments SET payment_method = $2 WHERE order_id = $1`, [
      order.orderId,
      order.paymentMethod,
    ]);
    const [lease] = await leaseCharges(client, { leaseId: newId(), leaseMs, limit: 1 });
    await client.query('COMMIT');
    if (lease === undefined) expect.fail('nothing was leased');
    return lease;
  } finally {
    client.release();
  }
}

test('a process that died after leasing is taken over when its lease has run out', async () => {
  const order = anOrder();
  await leaseByTheDead(order, 3_600_000);
  await sleep(200);
  expect(await harness.payment(order.orderId)).toMatchObject({ status: 'pending', attempts: 1 });
  await harness.database.pool.query('UPDATE payments SET due_at = now() WHERE order_id = $1', [order.orderId]);
  expect(await harness.untilStatus(order.orderId, 'captured')).toMatchObject({ attempts: 2 });
});

test('a process that died after the provider charged leaves one charge: it is asked again by the same key', async () => {
  const order = anOrder();
  const lease = await leaseByTheDead(order, 500);
  const provider = createSandboxProvider({ pool: harness.database.pool, newId });
  const { id: key, orderId, amount, paymentMethod, firstTriedAt } = lease;
  await provider.charge({
    key,
    orderId,
    amount,
    paymentMethod,
    firstTriedAt,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  await harness.untilStatus(order.orderId, 'captured');
  expect(await harness.ledger(order.orderId)).toHaveLength(1);
  expect(await harness.published(order.orderId)).toHaveLength(1);
});

test('a process that died after its commit and before its acknowledgement hears the event again without effect', async () => {
  const order = anOrder();
  const event = created(order);
  await harness.publish(event);
  await harness.untilStatus(order.orderId, 'captured');
  await harness.publish(event);
  await sleep(100);
  expect(await harness.ledger(order.orderId)).toHaveLength(1);
  expect(await harness.published(order.orderId)).toHaveLength(1);
});

test('a process that died after the provider gave money back leaves one refund', async () => {
  const order = anOrder();
  await harness.publish(created(order));
  const { id } = await harness.untilStatus(order.orderId, 'captured');
  const { pool } = harness.database;
  // Cancelled, and the refund leased by another process before ours looks: in one transaction, so that ours cannot.
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query(`UPDATE payments SET cancelled = true, refund_reserved = captured WHERE id = $1`, [id]);
  await client.query(
    // Due a second ago: the column keeps milliseconds, and now() rounded up would not be due inside this transaction.
    `INSERT INTO refunds (id, payment_id, amount, reason, origin, status, provider_key, due_at, created_at, updated_at)
     VALUES ($1, $2, 3998, 'order cancelled', 'compensation', 'pending', $3, now() - interval '1 second', now(), now())`,
    [newId(), id, `refund:${id}`],
  );
  const [lease] = await leaseRefunds(client, { leaseId: newId(), leaseMs: 500, limit: 1 });
  await client.query('COMMIT');
  client.release();
  if (lease === undefined) return expect.fail('nothing was leased');
  const provider = createSandboxProvider({ pool, newId });
  const { providerKey: key, ...request } = lease;
  await provider.refund({ ...request, key, signal: AbortSignal.timeout(PATIENCE_MS) });
  await harness.untilStatus(order.orderId, 'refunded');
  expect((await harness.ledger(order.orderId)).map(({ kind }) => kind)).toEqual(['charge', 'refund']);
  // The cancellation itself, late: everything is done already.
  await harness.publish(cancelled(order));
  expect(await harness.ledger(order.orderId)).toHaveLength(2);
});

test('a provider that takes its time does not cost the lease', async () => {
  const order = anOrder({ paymentMethod: 'tok_slow' });
  await harness.publish(created(order));
  expect(await harness.untilStatus(order.orderId, 'captured')).toMatchObject({ attempts: 1 });
});

test('two processes on one database charge each order once', { timeout: 60_000 }, async () => {
  await harness.startAnother();
  const orders = Array.from({ length: 100 }, () => anOrder());
  await harness.publish(...orders.map(created));
  for (const { orderId } of orders) {
    await harness.untilStatus(orderId, 'captured');
    expect(await harness.ledger(orderId)).toHaveLength(1);
    expect(await harness.published(orderId)).toHaveLength(1);
  }
});

import { newId } from '@souk/service-runtime';
import { createTestDatabase, silentLogger, type TestDatabase, waitFor } from '@souk/testing';
import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { metricValue, migrations, testMetrics } from '../test/fixtures.ts';
import { createRetentionSweep } from './retention-sweep.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());

const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS);
const idOf = (time: Date) => v7({ msecs: time.getTime() });

it('cleans the other tables when one cannot be cleaned', async () => {
  const { ownerPool: pool } = database;
  await pool.query(`INSERT INTO outbox (id, aggregate_id, type, body, published_at) VALUES ($1, $1, 't', 'old', $2)`, [
    idOf(daysAgo(31)),
    daysAgo(31),
  ]);
  await pool.query('ALTER TABLE inbox RENAME TO inbox_away');
  const metrics = testMetrics();
  const sweep = createRetentionSweep({ pool: database.pool, logger: silentLogger(), metrics, idempotencyKeys: true });
  sweep.wake();
  await waitFor(async () => (await metricValue(metrics, 'souk_sweep_runs_total')) === 1);
  await sweep.stop();
  await pool.query('ALTER TABLE inbox_away RENAME TO inbox');
  expect((await pool.query('SELECT 1 FROM outbox')).rows).toEqual([]);
});

it('keeps messages and answers for their time and deletes them afterwards, however many there are', async () => {
  const { ownerPool: pool } = database;
  const outbox =
    'INSERT INTO outbox (id, aggregate_id, type, body, created_at, published_at) VALUES ($1, $1, $2, $3, $4, $5)';
  await pool.query(outbox, [idOf(daysAgo(31)), 'order.shipped', 'old', daysAgo(31), daysAgo(31)]);
  await pool.query(outbox, [idOf(daysAgo(31)), 'order.shipped', 'old but unpublished', daysAgo(31), null]);
  await pool.query(outbox, [idOf(daysAgo(31)), 'order.shipped', 'old but redriven', daysAgo(31), daysAgo(1)]);
  await pool.query(outbox, [newId(), 'order.shipped', 'new', new Date(), new Date()]);
  await pool.query(
    `INSERT INTO inbox SELECT 'x', gen_random_uuid(), 'order.shipped', now() - interval '8 days' FROM generate_series(1, 2500)`,
  );
  await pool.query(`INSERT INTO inbox SELECT 'x', gen_random_uuid(), 'new', now() - interval '6 days'`);
  const letter = `INSERT INTO dead_letters (id, reason, attempts, headers, body, redriven_at) VALUES ($1, $2, 1, '{}', '', $3)`;
  await pool.query(letter, [newId(), 'waiting', null]);
  await pool.query(letter, [newId(), 'redriven long ago', daysAgo(31)]);
  const key = `INSERT INTO idempotency_keys (id, user_id, method, path, key, fingerprint, locked_until, created_at)
               VALUES ($1, $1, 'POST', '/', 'k', 'f', now(), $2)`;
  await pool.query(key, [idOf(daysAgo(2)), daysAgo(2)]);
  await pool.query(key, [idOf(daysAgo(0.9)), daysAgo(0.9)]);

  const metrics = testMetrics();
  const sweep = createRetentionSweep({ pool: database.pool, logger: silentLogger(), metrics, idempotencyKeys: true });
  sweep.wake();
  await waitFor(async () => (await metricValue(metrics, 'souk_sweep_runs_total')) === 1);
  await sweep.stop();

  const texts = async (column: string, table: string) =>
    (await pool.query<{ text: string }>(`SELECT ${column} AS text FROM ${table} ORDER BY 1`)).rows.map(
      ({ text }) => text,
    );
  expect(await texts('body', 'outbox')).toEqual(['new', 'old but redriven', 'old but unpublished']);
  expect(await texts('type', 'inbox')).toEqual(['new']);
  expect(await texts('reason', 'dead_letters')).toEqual(['waiting']);
  expect(await texts('key', 'idempotency_keys')).toEqual(['k']);
  expect(await metricValue(metrics, 'souk_retention_deleted_total')).toBe(2_503);
});

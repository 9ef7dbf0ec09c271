import { createTestDatabase, silentLogger, type TestDatabase, waitFor } from '@souk/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPool, type Pool } from './pool.ts';
import { queueDelayMs } from './pool-queue.ts';

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase([]);
  pool = createPool({ url: database.appUrl, max: 1, applicationName: 'queue test', logger: silentLogger() });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

it('the queue is as old as the first who waits, whether for a statement or a transaction, and forgets who was served', async () => {
  expect(queueDelayMs(pool)).toBe(0);
  const held = await pool.connect();
  expect(queueDelayMs(pool)).toBe(0);
  const statement = pool.query('SELECT 1');
  const transaction = pool.connect();
  await waitFor(() => queueDelayMs(pool) > 20, { what: 'somebody waits' });
  held.release();
  await statement;
  (await transaction).release();
  expect(queueDelayMs(pool)).toBe(0);
});

it('who waited in vain is forgotten too', async () => {
  const impatient = createPool({
    url: database.appUrl,
    max: 1,
    applicationName: 'queue test',
    logger: silentLogger(),
    timeoutsMs: { connection: 200 },
  });
  const held = await impatient.connect();
  await expect(impatient.query('SELECT 1')).rejects.toThrow(/timeout/);
  await expect(impatient.connect()).rejects.toThrow(/timeout/);
  expect(queueDelayMs(impatient)).toBe(0);
  held.release();
  await impatient.end();
});

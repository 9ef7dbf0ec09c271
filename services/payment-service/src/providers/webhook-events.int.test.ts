import { createTestDatabase, type TestDatabase } from '@souk/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrations } from '../generated/migrations.ts';
import { deleteOldWebhookEvents } from './stripe-webhook.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());

test('all webhook events that nobody can repeat any more go in one run, however many there are', async () => {
  await database.ownerPool.query(
    `INSERT INTO webhook_events (id, type, received_at)
     SELECT 'evt_' || n, 'charge.succeeded', now() - CASE WHEN n > 2500 THEN interval '29 days' ELSE interval '31 days' END
     FROM generate_series(1, 2501) AS n`,
  );
  expect(await deleteOldWebhookEvents(database.pool, new AbortController().signal)).toBe(2_500);
  expect((await database.pool.query('SELECT id FROM webhook_events')).rows).toEqual([{ id: 'evt_2501' }]);
});

import { forErasedUsers } from '@souk/outbox';
import { createTestDatabase, type TestDatabase } from '@souk/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrations } from '../generated/migrations.ts';
import { deleteOldDeliveries, eraseContacts } from './erase-users.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());

const insertSent = (count: number, ended: string) =>
  database.ownerPool.query(
    `INSERT INTO deliveries (id, event_id, template, channel, recipient, user_id, content, status, created_at, ended_at)
     SELECT gen_random_uuid(), gen_random_uuid(), 'receipt', 'email', 'ada@souk.example', gen_random_uuid(), '{}', 'sent',
       now() - $2::interval, now() - $2::interval
     FROM generate_series(1, $1)`,
    [count, ended],
  );
const signal = new AbortController().signal;

test('all messages that are too old go in one run, however many there are', async () => {
  await insertSent(2_500, '31 days');
  await insertSent(1, '29 days');
  expect(await deleteOldDeliveries(database.pool, new Date(), signal)).toBe(2_500);
  expect((await database.pool.query('SELECT 1 FROM deliveries')).rows).toHaveLength(1);
});

test('every erased user is gone through, page by page', async () => {
  await database.ownerPool.query('DELETE FROM deliveries');
  await insertSent(251, '1 day');
  await database.ownerPool.query('INSERT INTO erased_users (user_id) SELECT user_id FROM deliveries LIMIT 250');
  expect(await forErasedUsers(database.pool, signal, (userIds) => eraseContacts(database.pool, userIds))).toBe(250);
  const { rows } = await database.pool.query(`SELECT 1 FROM deliveries WHERE recipient <> ''`);
  expect(rows).toHaveLength(1);
});

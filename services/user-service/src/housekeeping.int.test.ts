import { randomBytes } from 'node:crypto';
import { newId } from '@souk/service-runtime';
import { createTestDatabase, type TestDatabase } from '@souk/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrations } from './generated/migrations.ts';
import { runHousekeeping } from './housekeeping.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());

const userId = newId();
const ago = (days: number) => new Date(Date.now() - days * 86_400_000);

async function insertSession(times: { expiresAt: Date; endedAt?: Date }): Promise<string> {
  const id = newId();
  await database.pool.query(
    `INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at, ended_at, end_reason)
     VALUES ($1, $2, $3, $3, $4, $5::timestamptz, CASE WHEN $5::timestamptz IS NULL THEN NULL ELSE 'logout' END)`,
    [id, userId, ago(200), times.expiresAt, times.endedAt ?? null],
  );
  await database.pool.query(
    `INSERT INTO refresh_tokens (token_hash, session_id, generation, created_at, expires_at, used_at, successor_sealed)
     VALUES ($1, $3, 1, $4, $5, $6, $7), ($2, $3, 2, $6, $5, NULL, NULL)`,
    [randomBytes(32), randomBytes(32), id, ago(2), ago(-1), ago(1), Buffer.from('sealed')],
  );
  return id;
}

it('housekeeping forgets what has had its time, and nothing else', async () => {
  const { pool } = database;
  await pool.query(
    `INSERT INTO users (id, email, email_canonical, name, password_hash, roles, created_at, updated_at)
     VALUES ($1, 'a@souk.example', 'a@souk.example', 'A', '$argon2id$x', '{customer}', now(), now())`,
    [userId],
  );
  const live = await insertSession({ expiresAt: ago(-10) });
  const justEnded = await insertSession({ expiresAt: ago(-10), endedAt: ago(0.5) });
  await insertSession({ expiresAt: ago(-10), endedAt: ago(2) });
  await insertSession({ expiresAt: ago(1) });
  const reset = `INSERT INTO password_resets (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)`;
  await pool.query(reset, [Buffer.alloc(32, 1), userId, ago(1), ago(0.5)]);
  await pool.query(reset, [Buffer.alloc(32, 2), userId, ago(0), ago(-0.5)]);
  const known = `INSERT INTO known_addresses (user_id, address, last_success_at) VALUES ($1, $2, $3)`;
  await pool.query(known, [userId, '203.0.113.1', ago(31)]);
  await pool.query(known, [userId, '203.0.113.2', ago(29)]);
  await pool.query(`INSERT INTO revocations (session_id, reason, at) VALUES ($1, 'logout', $2), ($1, 'logout', $3)`, [
    justEnded,
    ago(1),
    ago(0),
  ]);

  await runHousekeeping({ pool, clock: { now: () => new Date() }, revocationsKeptMs: 660_000 });

  const valuesOf = async (sql: string) => (await pool.query(sql)).rows.map((row) => row.value);
  expect(await valuesOf('SELECT id AS value FROM sessions ORDER BY id')).toEqual([live, justEnded].sort());
  expect(await valuesOf('SELECT count(*)::int AS value FROM refresh_tokens')).toEqual([4]);
  expect(await valuesOf('SELECT count(successor_sealed)::int AS value FROM refresh_tokens')).toEqual([0]);
  expect(await valuesOf('SELECT token_hash AS value FROM password_resets')).toEqual([Buffer.alloc(32, 2)]);
  expect(await valuesOf('SELECT address AS value FROM known_addresses')).toEqual(['203.0.113.2']);
  expect(await valuesOf('SELECT count(*)::int AS value FROM revocations')).toEqual([1]);
});

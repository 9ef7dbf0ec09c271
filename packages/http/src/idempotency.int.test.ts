import { readFileSync } from 'node:fs';
import { createTestDatabase, type TestDatabase } from '@souk/testing';
import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  abandonIdempotent,
  beginIdempotent,
  completeIdempotent,
  fingerprintOf,
  type IdempotentStart,
  replayReply,
  saveIdempotentState,
} from './idempotency.ts';

let database: TestDatabase;

beforeAll(async () => {
  const tables = new URL('../../outbox/tables.sql', import.meta.url);
  database = await createTestDatabase([{ name: 'tables', sql: readFileSync(tables, 'utf8'), checksum: '' }]);
});
afterAll(async () => await database.drop());

function aRequest(overrides: Partial<Parameters<typeof beginIdempotent>[1]> = {}) {
  const fingerprint = fingerprintOf({ quantity: 1 });
  return { userId: v7(), method: 'POST', path: '/api/v1/orders', key: v7(), fingerprint, newId: v7, ...overrides };
}

function idOf(start: IdempotentStart): string {
  expect(['started', 'resumed']).toContain(start.kind);
  return 'id' in start ? start.id : '';
}

/** As after the time of the lock, which is the database's. */
const runOutLock = (id: string) =>
  database.pool.query(`UPDATE idempotency_keys SET locked_until = now() - interval '1 ms' WHERE id = $1`, [id]);

test('of twenty requests with one key exactly one starts, the others hear that it is running', async () => {
  const request = aRequest();
  const starts = await Promise.all(Array.from({ length: 20 }, () => beginIdempotent(database.pool, request)));
  const kinds = starts.map((start) => start.kind).sort();
  expect(kinds).toEqual([...Array.from({ length: 19 }, () => 'running'), 'started']);
  const running = starts.find((start) => start.kind === 'running');
  expect(running).toMatchObject({ retryAfterSeconds: expect.any(Number) });
  expect(running?.kind === 'running' && running.retryAfterSeconds).toBeGreaterThan(15);
});

test('a completed key replays status, headers and body byte for byte', async () => {
  const request = aRequest();
  const id = idOf(await beginIdempotent(database.pool, request));
  const body = { z: 1, a: 'é\u0000'.slice(0, 1), nested: { b: [1.5, null] } };
  await completeIdempotent(database.pool, id, { status: 201, body, headers: { location: '/x', etag: '"1"' } });
  const replay = await beginIdempotent(database.pool, request);
  expect(replay).toEqual({
    kind: 'replay',
    status: 201,
    body: JSON.stringify(body),
    headers: { location: '/x', etag: '"1"' },
  });
  expect(replayReply(replay)).toEqual({
    status: 201,
    bodyText: JSON.stringify(body),
    headers: { location: '/x', etag: '"1"', 'idempotent-replayed': 'true' },
  });
});

test('another body under the same key is refused, while it runs and when it is done', async () => {
  const request = aRequest();
  const other = { ...request, fingerprint: fingerprintOf({ quantity: 2 }) };
  const id = idOf(await beginIdempotent(database.pool, request));
  expect((await beginIdempotent(database.pool, other)).kind).toBe('reused');
  await completeIdempotent(database.pool, id, { status: 409, body: {} });
  expect((await beginIdempotent(database.pool, other)).kind).toBe('reused');
  expect(() => replayReply({ kind: 'reused' })).toThrow(expect.objectContaining({ code: 'idempotency-key-reused' }));
});

test('a key belongs to its user, method and path', async () => {
  const request = aRequest();
  const others = [{ userId: v7() }, { method: 'PUT' }, { path: '/api/v1/payments' }];
  for (const change of [{}, ...others]) {
    expect((await beginIdempotent(database.pool, { ...request, ...change })).kind).toBe('started');
  }
});

test('a try that crashed leaves a lock that runs out, and the next one resumes with its id and state', async () => {
  const request = aRequest();
  const id = idOf(await beginIdempotent(database.pool, request));
  const resourceId = v7();
  await saveIdempotentState(database.pool, id, { resourceId, state: { lines: [1] } });
  expect((await beginIdempotent(database.pool, request)).kind).toBe('running');
  await runOutLock(id);
  const starts = await Promise.all(Array.from({ length: 5 }, () => beginIdempotent(database.pool, request)));
  const resumed = starts.filter((start) => start.kind === 'resumed');
  expect(resumed).toEqual([{ kind: 'resumed', id, resourceId, state: { lines: [1] } }]);
  await saveIdempotentState(database.pool, id, { resourceId: null });
  await abandonIdempotent(database.pool, id);
  expect(await beginIdempotent(database.pool, request)).toEqual({
    kind: 'resumed',
    id,
    resourceId: undefined,
    state: { lines: [1] },
  });
});

test('a frozen try cannot complete what another has completed', async () => {
  const request = aRequest();
  const id = idOf(await beginIdempotent(database.pool, request));
  await runOutLock(id);
  expect(idOf(await beginIdempotent(database.pool, request))).toBe(id);
  await completeIdempotent(database.pool, id, { status: 201, body: { by: 'second' } });
  const late = completeIdempotent(database.pool, id, { status: 201, body: { by: 'first' } });
  await expect(late).rejects.toMatchObject({ code: 'idempotency-in-progress' });
});

test('an abandoned key without state is free for another body', async () => {
  const request = aRequest();
  const id = idOf(await beginIdempotent(database.pool, request));
  await abandonIdempotent(database.pool, id);
  const other = { ...request, fingerprint: fingerprintOf({ quantity: 2 }) };
  expect((await beginIdempotent(database.pool, other)).kind).toBe('started');
});

test('a key is kept for 24 hours and new after that', async () => {
  const request = aRequest();
  const id = idOf(await beginIdempotent(database.pool, request));
  await completeIdempotent(database.pool, id, { status: 201, body: {} });
  const age = (interval: string) =>
    database.pool.query(`UPDATE idempotency_keys SET created_at = now() - $2::interval WHERE id = $1`, [id, interval]);
  await age('23 hours 59 minutes');
  expect((await beginIdempotent(database.pool, request)).kind).toBe('replay');
  await age('24 hours 1 minute');
  const other = { ...request, fingerprint: fingerprintOf({ quantity: 2 }) };
  expect((await beginIdempotent(database.pool, other)).kind).toBe('started');
});

test('the fingerprint does not see the order of fields or white space, but every value', () => {
  expect(fingerprintOf({ a: 1, b: [{ c: 2, d: null }] })).toBe(
    fingerprintOf(JSON.parse('{"b":[{"d":null,"c":2}],"a":1}')),
  );
  const different = [{}, { a: 1 }, { a: '1' }, { a: null }, { a: [1] }, { b: 1 }, [], null].map(fingerprintOf);
  expect(new Set(different).size).toBe(different.length);
});

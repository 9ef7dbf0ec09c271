import { createTestDatabase, type TestDatabase, waitFor } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../src/generated/migrations.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { PASSWORD, startUserService, type UserServiceUnderTest } from './user-service-under-test.ts';

let database: TestDatabase;
let souk: UserServiceUnderTest;
let proxy: TcpProxy;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
  const url = new URL(database.appUrl);
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.host = `127.0.0.1:${proxy.port}`;
  souk = await startUserService({ database: { ...database, appUrl: url.toString() } });
});
afterAll(async () => {
  await souk.stop();
  await proxy.close();
  await database.drop();
});

describe('without PostgreSQL', () => {
  it('everything that needs it answers 503 in bounded time, and works again when it is back', async () => {
    const { token, user } = await souk.person();
    proxy.cut();
    // The cache of live sessions is younger than a second: after that only PostgreSQL could tell.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const calls: [string, string, object][] = [
      ['GET', '/api/v1/users/me', { token }],
      ['GET', '/api/v1/users/me/sessions', { token }],
      ['POST', '/api/v1/users/login', { body: { email: user.email, password: PASSWORD } }],
      ['POST', '/api/v1/users/refresh', { body: { refreshToken: 'A'.repeat(43) } }],
      ['POST', '/api/v1/users/password-reset', { body: { email: user.email } }],
      ['GET', '/internal/revocations', {}],
    ];
    for (const [method, path, call] of calls) {
      const startedMs = performance.now();
      const { status, body, headers } = await souk.call(method, path, call);
      expect([path, status, body.type]).toEqual([path, 503, '/problems/unavailable']);
      expect(headers.get('retry-after')).not.toBeNull();
      expect(JSON.stringify(body)).not.toMatch(/postgres|database|ECONN|127\.0\.0\.1/i);
      expect(performance.now() - startedMs).toBeLessThan(15_000);
    }
    expect((await souk.call('GET', '/livez')).status).toBe(200);
    expect((await souk.call('GET', '/.well-known/jwks.json')).status).toBe(200);
    proxy.restore();
    await waitFor(async () => (await souk.call('GET', '/api/v1/users/me', { token })).status === 200);
    await waitFor(async () => (await souk.call('GET', '/internal/revocations')).status === 200);
  });
});

describe('with connections to PostgreSQL cut again and again', () => {
  it('no acknowledged registration is lost, none is half', async () => {
    const outcomes: { email: string; status: number }[] = [];
    let done = false;
    const cutter = (async () => {
      while (!done) {
        proxy.flap();
        // Again after two more outcomes, at any point of the next: a machine that is slow is not cut more often for it.
        const seen = outcomes.length;
        await waitFor(() => done || outcomes.length >= seen + 2);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
      }
    })();
    for (let index = 0; index < 60; index += 1) {
      const email = `cut${index}@souk.example`;
      const body = { email, password: PASSWORD, name: 'Cut' };
      outcomes.push({ email, status: (await souk.call('POST', '/api/v1/users', { body })).status });
    }
    done = true;
    await cutter;
    expect(new Set(outcomes.map(({ status }) => status))).not.toContain(500);
    const { rows } = await database.ownerPool.query(
      `SELECT u.email, o.type FROM users u FULL JOIN outbox o ON o.aggregate_id = u.id AND o.type = 'user.registered'
        WHERE u.email LIKE 'cut%' OR o.body LIKE '%cut%'`,
    );
    for (const row of rows) expect(row).toEqual({ email: expect.any(String), type: 'user.registered' });
    const kept = new Set(rows.map((row) => row.email));
    for (const { email, status } of outcomes) if (status === 201) expect(kept).toContain(email);
    expect(outcomes.filter(({ status }) => status === 201).length).toBeGreaterThan(20);
  });
});

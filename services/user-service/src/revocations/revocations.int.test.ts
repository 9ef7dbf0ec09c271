import { createAuthenticator } from '@souk/http';
import { createInProcessKeyValueStore, type KeyValueStore, KeyValueUnavailableError } from '@souk/key-value';
import { systemClock } from '@souk/service-runtime';
import { createTestDatabase, silentLogger, type TestDatabase, waitFor } from '@souk/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Answer, startUserService, type UserServiceUnderTest } from '../../test/user-service-under-test.ts';
import { migrations } from '../generated/migrations.ts';
import { POLL_WAIT_MS } from './waiting-polls.ts';

/** A store that somebody pulls the plug of. */
function pluggedStore(): KeyValueStore & { unplug(): void } {
  const store = createInProcessKeyValueStore({ clock: systemClock, entriesMax: 10_000 });
  let unplugged = false;
  return new Proxy(store, {
    get(target, name) {
      if (name === 'unplug') {
        return () => {
          unplugged = true;
        };
      }
      const member = Reflect.get(target, name);
      if (!unplugged || typeof member !== 'function') return member;
      return () => Promise.reject(new KeyValueUnavailableError(String(name)));
    },
  }) as KeyValueStore & { unplug(): void };
}

let database: TestDatabase;
let first: UserServiceUnderTest;
let second: UserServiceUnderTest;
const store = pluggedStore();
beforeAll(async () => {
  database = await createTestDatabase(migrations);
  first = await startUserService({ database, keyValue: store });
  // A replica with a store of its own: it learns from PostgreSQL alone.
  second = await startUserService({ database });
});
afterAll(async () => {
  await Promise.all([first.stop(), second.stop()]);
  await database.drop();
});

const poll = (replica: UserServiceUnderTest, after?: string) =>
  replica.call('GET', `/internal/revocations${after === undefined ? '' : `?after=${after}`}`);
const statusOf = async (replica: UserServiceUnderTest, token: string) =>
  (await replica.call('GET', '/api/v1/users/me', { token })).status;

describe('the revocations of other services', () => {
  it('come without a token, at once on news, from any replica with the same cursor', async () => {
    const { body: start } = await poll(second);
    expect(start).toEqual({ items: expect.any(Array), next: expect.any(String), more: false });
    const { token } = await first.person();
    const waiting = poll(second, start.next);
    const startedMs = performance.now();
    await first.call('POST', '/api/v1/users/logout', { token });
    const { status, body } = await waiting;
    expect(status).toBe(200);
    expect(body.items).toContainEqual({
      sessionId: decodeJwt(token).sid,
      at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
    });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    const { body: known } = await poll(first, body.next);
    expect(known.next).toEqual(expect.any(String));
  });

  it.each([['after='], ['after=x'], ['after=a&after=b'], ['since=1'], ['after=%00'], [`after=${'A'.repeat(5_000)}`]])(
    'are not told for ?%s',
    async (query) => {
      expect((await first.call('GET', `/internal/revocations?${query}`)).status).toBe(422);
    },
  );

  it('let 256 polls wait; the next one is told to come back', async () => {
    const { body } = await poll(first);
    // The half second of a poll ends when this test says so: a loaded machine takes longer than that for 300 requests.
    const inTime = globalThis.setTimeout;
    const waiting: (() => void)[] = [];
    const later = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number) => {
      if (ms !== POLL_WAIT_MS) return inTime(run, ms);
      waiting.push(run);
      return inTime(run, 3_600_000);
    }) as typeof setTimeout);
    try {
      let isOver = false;
      const refused: Answer[] = [];
      const polls = Array.from({ length: 300 }, async () => {
        const answer = await poll(first, body.next);
        if (!isOver) refused.push(answer);
      });
      await waitFor(() => refused.length >= 44);
      isOver = true;
      // The other 256 wait; some other pause of this length may wait with them.
      expect(refused).toHaveLength(44);
      expect(waiting.length).toBeGreaterThanOrEqual(256);
      for (const { body: problem, headers, status } of refused) {
        expect([status, headers.get('retry-after'), problem.type]).toEqual([503, '1', '/problems/unavailable']);
      }
      for (const end of waiting) end();
      await Promise.all(polls);
    } finally {
      later.mockRestore();
    }
  });

  it('are refused on every replica within a second, and by every verifier', async () => {
    const verifier = createAuthenticator({
      userServiceUrl: second.url,
      issuer: 'https://souk.example',
      audience: 'souk',
      logger: silentLogger(),
      clock: systemClock,
    });
    await verifier.start();
    await waitFor(() => verifier.ready());
    try {
      const tookMs: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        const { token, user } = await first.person();
        expect(await verifier.verify(token)).toMatchObject({ userId: user.id, roles: ['customer'] });
        expect(await statusOf(second, token)).toBe(200);
        const endedMs = performance.now();
        await first.call('POST', '/api/v1/users/logout', { token });
        expect(await statusOf(first, token)).toBe(401);
        await waitFor(async () => (await statusOf(second, token)) === 401);
        await waitFor(() => verifier.isRevoked(String(decodeJwt(token).sid)));
        await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'unauthorized' });
        tookMs.push(performance.now() - endedMs);
      }
      // The best of three: what a busy machine adds is not the revocation's.
      expect(Math.min(...tookMs)).toBeLessThan(1_000);
    } finally {
      await verifier.stop();
    }
  });

  it('hold without the key-value store: what was revoked stays refused, and new ones are', async () => {
    const { token: before } = await first.person();
    await first.call('POST', '/api/v1/users/logout', { token: before });
    const { token } = await first.person();
    store.unplug();
    expect(await statusOf(first, before)).toBe(401);
    expect(await statusOf(first, token)).toBe(200);
    expect((await first.call('POST', '/api/v1/users/logout', { token })).status).toBe(204);
    expect(await statusOf(first, token)).toBe(401);
    await waitFor(async () => (await statusOf(second, token)) === 401);
  });

  it('survive a restart', async () => {
    const { token } = await second.person();
    await second.call('POST', '/api/v1/users/logout', { token });
    const third = await startUserService({ database });
    expect(await statusOf(third, token)).toBe(401);
    expect((await poll(third)).body.items.map((item: { sessionId: string }) => item.sessionId)).toContain(
      decodeJwt(token).sid,
    );
    await third.stop();
  });
});

import { createInProcessKeyValueStore, createRedisKeyValueStore, type KeyValueStore } from '@souk/key-value';
import { systemClock } from '@souk/service-runtime';
import { silentLogger, testRedisUrl, waitFor } from '@souk/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startUserService, type UserServiceUnderTest } from '../test/user-service-under-test.ts';

const LIMIT = 10;
const ENV = { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_LOGIN_PER_MINUTE: String(LIMIT), TRUSTED_PROXY_HOPS: '1' };
let addresses = 0;
/** A client address that nobody has used before; a trusted proxy vouches for it. */
const newAddress = () => `203.0.${Math.floor(++addresses / 250)}.${(addresses % 250) + 1}`;
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

/** Of all keys in a store that others share, only those of this run. */
function prefixed(store: KeyValueStore, prefix: string): KeyValueStore {
  return {
    get: (key) => store.get(prefix + key),
    getMany: (keys) => store.getMany(keys.map((key) => prefix + key)),
    set: (key, value, options) => store.set(prefix + key, value, options),
    delete: (keys) => store.delete(keys.map((key) => prefix + key)),
    increment: (key, by, options) => store.increment(prefix + key, by, options),
    publish: (channel, message) => store.publish(prefix + channel, message),
    subscribe: (channel, listener) => store.subscribe(prefix + channel, listener),
    isReady: () => store.isReady(),
    close: () => store.close(),
  };
}

describe.each([
  ['in process', () => createInProcessKeyValueStore({ clock: systemClock, entriesMax: 10_000 })],
  [
    'in Redis',
    () =>
      prefixed(
        // Without an answer in time a limit refuses with 503; a loaded machine is no reason for that.
        createRedisKeyValueStore({ url: testRedisUrl(), logger: silentLogger(), commandTimeoutMs: 10_000 }),
        `test:${Date.now()}:${Math.random()}:`,
      ),
  ],
])('limits, counted %s', (_, createStore) => {
  let souk: UserServiceUnderTest;
  let keyValue: KeyValueStore;
  beforeAll(async () => {
    keyValue = createStore();
    await waitFor(() => keyValue.isReady());
    souk = await startUserService({ env: ENV, keyValue });
  });
  afterAll(async () => {
    await souk.stop();
    await keyValue.close();
  });

  async function register() {
    const email = `limited${Math.random().toString(36).slice(2)}@souk.example`;
    const body = { email, password: PASSWORD, name: 'Limited' };
    const answer = await souk.call('POST', '/api/v1/users', { body, ...from(newAddress()) });
    expect(answer.status).toBe(201);
    return email;
  }
  const logIn = (email: string, password: string, address: string) =>
    souk.call('POST', '/api/v1/users/login', { body: { email, password }, ...from(address) });
  const statusesOf = async (calls: (() => Promise<{ status: number }>)[]) => {
    const statuses: number[] = [];
    for (const call of calls) statuses.push((await call()).status);
    return statuses;
  };

  it('stop a hundred guesses on one account from many addresses, and still let its owner in', async () => {
    const email = await register();
    const home = newAddress();
    expect((await logIn(email, PASSWORD, home)).status).toBe(200);
    const guesses = await statusesOf(
      Array.from({ length: 100 }, () => () => logIn(email, 'a-wrong-guess', newAddress())),
    );
    expect(guesses.filter((status) => status === 401).length).toBeLessThan(LIMIT);
    expect(guesses.filter((status) => status === 429).length).toBeGreaterThan(90);
    expect((await logIn(email, PASSWORD, newAddress())).status).toBe(429);
    expect((await logIn(email, PASSWORD, home)).status).toBe(200);
  });

  it('stop one address on many accounts, before the body is even read', async () => {
    const address = newAddress();
    const tries = await statusesOf(
      Array.from({ length: 20 }, (_, index) => () => logIn(`nobody${index}@souk.example`, 'a-wrong-guess', address)),
    );
    expect(tries).toEqual([...Array(LIMIT).fill(401), ...Array(10).fill(429)]);
    const malformed = await souk.call('POST', '/api/v1/users/login', { rawBody: '{', ...from(address) });
    expect(malformed.status).toBe(429);
    expect(Number(malformed.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(malformed.headers.get('ratelimit')).toMatch(/limit/);
    expect(malformed.headers.get('ratelimit-policy')).not.toBeNull();
    expect(malformed.body.type).toBe('/problems/rate-limited');
  });

  it('count a whole IPv6 /64 as one address, and the case of an e-mail address not at all', async () => {
    const sameNetwork = await statusesOf(
      Array.from(
        { length: 12 },
        (_, index) => () => logIn(`v6-${index}@souk.example`, 'guess', `2001:db8:7:${addresses}::${index}`),
      ),
    );
    expect(sameNetwork.slice(LIMIT)).toEqual([429, 429]);
    const spellings = ['spelled@souk.example', 'SPELLED@souk.example', 'ｓｐｅｌｌｅｄ@souk.example'];
    const tries = await statusesOf(
      Array.from({ length: 12 }, (_, index) => () => logIn(spellings[index % 3] ?? '', 'guess', newAddress())),
    );
    expect(tries.slice(LIMIT)).toEqual([429, 429]);
  });

  it('stop registering and resetting in bulk, each by itself', async () => {
    const address = newAddress();
    const registering = await statusesOf(
      Array.from(
        { length: 12 },
        () => () =>
          souk.call('POST', '/api/v1/users', { body: { email: 'x', password: 'y', name: 'z' }, ...from(address) }),
      ),
    );
    expect(registering).toEqual([...Array(LIMIT).fill(422), 429, 429]);
    const reset = (email: string, by: string) =>
      souk.call('POST', '/api/v1/users/password-reset', { body: { email }, ...from(by) });
    expect((await reset('one@souk.example', address)).status).toBe(202);
    const email = await register();
    for (const victim of [email, 'unknown@souk.example']) {
      const resets = await statusesOf(Array.from({ length: 12 }, () => () => reset(victim, newAddress())));
      expect(resets).toEqual([...Array(LIMIT).fill(202), 429, 429]);
    }
  }, 60_000);

  it('stop a thief of a token from guessing the password behind it', async () => {
    const email = await register();
    const { body } = await logIn(email, PASSWORD, newAddress());
    const guess = (currentPassword: string) => () =>
      souk.call('PUT', '/api/v1/users/me/password', {
        token: body.accessToken,
        body: { currentPassword, newPassword: 'marmalade-bicycle-17' },
      });
    const guesses = await statusesOf(Array(12).fill(guess('a-wrong-guess')));
    expect(guesses).toEqual([...Array(LIMIT).fill(422), 429, 429]);
    // Else the limit would tell which guess was the right one.
    expect(await statusesOf([guess(PASSWORD)])).toEqual([429]);
    expect((await logIn(email, PASSWORD, newAddress())).status).toBe(200);
  });

  it('forget the wrong tries of somebody who knows the password', async () => {
    const email = await register();
    const { body } = await logIn(email, PASSWORD, newAddress());
    const change = (currentPassword: string, newPassword: string) => () =>
      souk.call('PUT', '/api/v1/users/me/password', {
        token: body.accessToken,
        body: { currentPassword, newPassword },
      });
    const wrong = change('a-wrong-guess', 'marmalade-bicycle-17');
    const tries = [
      ...Array(LIMIT - 1).fill(wrong),
      change(PASSWORD, 'marmalade-bicycle-17'),
      ...Array(LIMIT).fill(wrong),
    ];
    expect(await statusesOf(tries)).toEqual([...Array(LIMIT - 1).fill(422), 204, ...Array(LIMIT).fill(422)]);
  });
});

describe('limits', () => {
  let running: UserServiceUnderTest | undefined;
  afterEach(() => running?.stop());

  it('let nobody through while the store is away: guessing must not become free', async () => {
    const keyValue = createRedisKeyValueStore({ url: 'redis://127.0.0.1:1', logger: silentLogger() });
    running = await startUserService({ env: ENV, keyValue });
    for (const [path, body] of [
      ['/api/v1/users/login', { email: 'a@souk.example', password: PASSWORD }],
      ['/api/v1/users', { email: 'a@souk.example', password: PASSWORD, name: 'A' }],
      ['/api/v1/users/password-reset', { email: 'a@souk.example' }],
    ] as const) {
      const startedMs = performance.now();
      const { status, body: problem } = await running.call('POST', path, { body });
      expect([status, problem.type]).toEqual([503, '/problems/unavailable']);
      expect(performance.now() - startedMs).toBeLessThan(5_000);
    }
    await keyValue.close();
  });

  it('are off, all of them, by one variable', async () => {
    running = await startUserService({ env: { ...ENV, RATE_LIMIT_ENABLED: 'false' } });
    const { call } = running;
    const body = { email: 'a@souk.example', password: 'wrong' };
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await call('POST', '/api/v1/users/login', { body })).status),
    );
    expect(statuses).toEqual(Array(20).fill(401));
  });
});

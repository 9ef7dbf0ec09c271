import { randomUUID } from 'node:crypto';
import { createRedisKeyValueStore, type KeyValueStore } from '@souk/key-value';
import { fixedClock, silentLogger, testRedisUrl, waitFor } from '@souk/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type GatewayWorld, startGatewayWorld } from '../../test/gateway-world.ts';
import { rawRequest } from '../../test/raw-request.ts';

const LIMIT = 40;
// Stands still: a window of a minute must not end within a test.
const clock = fixedClock(new Date());
/** Tokens of the moment at which the clock stands. */
const claims = { iat: Math.floor(clock.now().getTime() / 1_000), exp: Math.floor(clock.now().getTime() / 1_000) + 600 };
const worlds: GatewayWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

async function start(env: Record<string, string> = {}, keyValue?: KeyValueStore): Promise<GatewayWorld> {
  const world = await startGatewayWorld({
    env: { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_PER_MINUTE: String(LIMIT), ...env },
    clock,
    ...(keyValue === undefined ? {} : { keyValue }),
  });
  worlds.push(world);
  return world;
}

/** A store of its own on the shared Redis. */
function redisStore(): KeyValueStore {
  const prefix = `test-${randomUUID()}:`;
  // A limiter that has no answer in time counts by itself; a loaded machine is no reason for that.
  return createRedisKeyValueStore({ url: testRedisUrl(), logger: silentLogger(), prefix, commandTimeoutMs: 10_000 });
}

async function countPassed(ask: () => Promise<{ status: number }>, tries: number): Promise<number> {
  let passed = 0;
  for (let index = 0; index < tries; index += 1) if ((await ask()).status !== 429) passed += 1;
  return passed;
}

describe('the rate limit of the gateway', () => {
  it('lets the limit pass, then answers 429 with when to come back; health is never limited', async () => {
    const { url } = await start();
    expect(await countPassed(() => fetch(`${url}/api/v1/products`), LIMIT + 5)).toBe(LIMIT);
    const refused = await fetch(`${url}/api/v1/products`);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('ratelimit-policy')).toBe('40;w=60');
    expect(refused.headers.get('ratelimit')).toMatch(/^limit=40, remaining=0, reset=\d+$/);
    expect(await refused.json()).toMatchObject({ type: '/problems/rate-limited', status: 429 });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/api/v1/nothing`)).status).toBe(404);
  });

  it('is not passed by other addresses that a client claims, HEAD, other routes, pages or tokens that are no good', async () => {
    const { url } = await start();
    await countPassed(() => fetch(`${url}/api/v1/products`), LIMIT);
    const tries: [string, RequestInit][] = [
      ['/api/v1/products', { headers: { 'x-forwarded-for': '203.0.113.7' } }],
      ['/api/v1/products', { method: 'HEAD' }],
      ['/api/products', {}],
      ['/api/v1/categories', {}],
      ['/api/v1/orders', { headers: { authorization: 'Bearer guess' } }],
      ['/api/v1/orders', {}],
      ['/docs', {}],
    ];
    for (const [path, init] of tries) expect((await fetch(url + path, init)).status).toBe(429);
  });

  it('counts a signed-in user over all tokens, beside the address', async () => {
    const { url, identity } = await start();
    const userId = '0198f000-0000-7000-8000-00000000000a';
    const ask = async () =>
      fetch(`${url}/api/v1/orders`, {
        headers: { authorization: `Bearer ${await identity.token({ userId, claims })}` },
      });
    expect(await countPassed(ask, LIMIT + 5)).toBe(LIMIT);
    expect((await fetch(`${url}/api/v1/products`)).status).toBe(200);
    const other = { authorization: `Bearer ${await identity.token({ claims })}` };
    expect((await fetch(`${url}/api/v1/orders`, { headers: other })).status).toBe(200);
  });

  it('takes the address that a trusted proxy saw, and counts an IPv6 /64 as one', async () => {
    const { url } = await start({ TRUSTED_PROXY_HOPS: '1' });
    const from = (address: string) => fetch(`${url}/api/v1/products`, { headers: { 'x-forwarded-for': address } });
    let last = 0;
    const rotating = () => {
      last += 1;
      return from(`198.51.100.9, 2001:db8:1:2::${last.toString(16)}`);
    };
    expect(await countPassed(rotating, LIMIT + 5)).toBe(LIMIT);
    expect((await from('2001:db8:1:3::1')).status).toBe(200);
  });

  it('lets no more pass over two replicas that share a Redis', async () => {
    const shared = redisStore();
    await waitFor(() => shared.isReady());
    const [one, two] = [await start({}, shared), await start({}, shared)];
    let turn = 0;
    const passed = await countPassed(() => {
      turn += 1;
      return fetch(`${(turn % 2 === 0 ? one : two).url}/api/v1/products`);
    }, 3 * LIMIT);
    expect(passed).toBe(LIMIT);
  });

  it('limits locally while Redis is away, without waiting for it each time', async () => {
    const away = createRedisKeyValueStore({ url: 'redis://127.0.0.1:1', logger: silentLogger() });
    const { url } = await start({}, away);
    const startedMs = Date.now();
    expect(await countPassed(() => fetch(`${url}/api/v1/products`), LIMIT + 5)).toBe(LIMIT);
    // A wait for each of them, of 200 ms, would be nine seconds.
    expect(Date.now() - startedMs).toBeLessThan(8_000);
  });

  it('is told apart by nothing but user and address: a raw target in another form is no other client', async () => {
    const { url } = await start();
    await countPassed(() => fetch(`${url}/api/v1/products`), LIMIT);
    const host = `Host: ${new URL(url).host}`;
    const absolute = `GET ${url}/api/v1/products HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`;
    expect((await rawRequest(url, absolute)).status).toBe(429);
  });
});

import { createInProcessKeyValueStore, type KeyValueStore, KeyValueUnavailableError } from '@souk/key-value';
import { fixedClock } from '@souk/testing';
import { expect, test } from 'vitest';
import { anApp } from '../test/app.ts';
import { createRateLimiter, type RateLimiterOptions } from './rate-limiter.ts';
import { reply } from './reply.ts';
import { defineRoute } from './route.ts';

function aLimiter(options: Partial<RateLimiterOptions> = {}) {
  return createRateLimiter({
    // Stands still, so that no second passes between two requests.
    keyValue: createInProcessKeyValueStore({ clock: fixedClock() }),
    name: 'login',
    limit: 2,
    windowMs: 60_000,
    ...options,
  });
}

const dead = {
  increment: () => Promise.reject(new KeyValueUnavailableError('increment')),
} as unknown as KeyValueStore;

function limitedApp(options: Partial<RateLimiterOptions> = {}) {
  return anApp([
    defineRoute({
      method: 'POST',
      path: '/login',
      access: 'anyone',
      operationId: 'login',
      summary: '',
      tags: [],
      limits: [aLimiter(options).middleware],
      responses: { 200: { description: '' } },
      problems: [],
      handler: () => reply.ok({ ok: true }, { headers: { 'cache-control': 'no-store' } }),
    }),
  ]);
}

test('requests beyond the limit are 429 with Retry-After and the RateLimit headers, as are those that pass', async () => {
  const app = limitedApp();
  const responses = [];
  for (let count = 0; count < 3; count += 1) responses.push(await app.request('/login', { method: 'POST' }));
  expect(responses.map((response) => response.status)).toEqual([200, 200, 429]);
  expect(responses.map((response) => response.headers.get('ratelimit'))).toEqual([
    'limit=2, remaining=1, reset=60',
    'limit=2, remaining=0, reset=60',
    'limit=2, remaining=0, reset=60',
  ]);
  expect(responses[0]?.headers.get('cache-control')).toBe('no-store');
  const refused = responses[2];
  expect(refused?.headers.get('ratelimit-policy')).toBe('2;w=60');
  expect(refused?.headers.get('retry-after')).toBe('60');
  expect(refused?.headers.get('content-type')).toBe('application/problem+json');
  expect(await refused?.json()).toMatchObject({ type: '/problems/rate-limited', instance: '/login' });
});

test('with a dead store a limit refuses with 503, or lets through where it may', async () => {
  const closed = await limitedApp({ keyValue: dead }).request('/login', { method: 'POST' });
  expect([closed.status, closed.headers.get('retry-after')]).toEqual([503, '1']);
  const open = await limitedApp({ keyValue: dead, whenUnavailable: 'open' }).request('/login', { method: 'POST' });
  expect(open.status).toBe(200);
});

test('a limit that is off, and a request that counts for nobody, pass', async () => {
  for (const options of [
    { enabled: false, limit: 0 },
    { limit: 0, keyOf: () => undefined },
  ]) {
    expect((await limitedApp(options).request('/login', { method: 'POST' })).status).toBe(200);
  }
});

test('a key is consumed by hand, refused with the time to wait, and forgiven', async () => {
  const limiter = aLimiter();
  expect(await limiter.consume('a')).toEqual({ allowed: true, limit: 2, remaining: 1, resetSeconds: 60 });
  await limiter.consume('a');
  await expect(limiter.consume('a')).rejects.toMatchObject({ code: 'rate-limited', retryAfterSeconds: 60 });
  expect(await limiter.consume('b')).toMatchObject({ remaining: 1 });
  await limiter.reset('a');
  expect(await limiter.consume('a')).toMatchObject({ remaining: 1 });
  await expect(aLimiter({ keyValue: dead }).consume('a')).rejects.toMatchObject({ code: 'unavailable' });
});

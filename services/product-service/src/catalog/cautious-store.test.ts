import { createInProcessKeyValueStore, KeyValueUnavailableError } from '@souk/key-value';
import { expect, it } from 'vitest';
import { createCautiousStore } from './cautious-store.ts';

it('counts as not ready for a while after a call without an answer', async () => {
  const world = { nowMs: 0, hangs: false };
  const inner = createInProcessKeyValueStore({ clock: { now: () => new Date() }, entriesMax: 10 });
  const store = createCautiousStore(
    {
      ...inner,
      get: (key) => (world.hangs ? Promise.reject(new KeyValueUnavailableError('get')) : inner.get(key)),
    },
    { clockMs: () => world.nowMs, pauseMs: 1_000 },
  );
  expect(store.isReady()).toBe(true);
  await store.set('a', '1', { ttlMs: 1_000 });
  expect(await store.get('a')).toBe('1');
  expect(await store.increment('n', 2, { ttlMs: 1_000 })).toMatchObject({ value: 2 });
  world.hangs = true;
  await expect(store.get('a')).rejects.toThrow(KeyValueUnavailableError);
  expect(store.isReady()).toBe(false);
  world.nowMs = 999;
  expect(store.isReady()).toBe(false);
  world.nowMs = 1_000;
  expect(store.isReady()).toBe(true);
});

import { expect, test } from 'vitest';
import { describeKeyValueStore } from '../test/conformance.ts';
import { createInProcessKeyValueStore } from './in-process-key-value-store.ts';
import type { KeyValueStore } from './key-value-store.ts';

let nowMs = Date.now();
const clock = { now: () => new Date(nowMs) };
let current: KeyValueStore | undefined;

describeKeyValueStore('the in-process store', {
  async createStore() {
    // Two clients of one store are one object here.
    if (current?.isReady() === true) return current;
    current = createInProcessKeyValueStore({ clock });
    return current;
  },
  async pass(ms) {
    nowMs += ms;
  },
});

test('a full store gives up what was not used for longest', async () => {
  const store = createInProcessKeyValueStore({ entriesMax: 3 });
  for (const key of ['a', 'b', 'c']) await store.set(key, key);
  await store.get('a');
  await store.set('d', 'd');
  expect(await store.getMany(['a', 'b', 'c', 'd'])).toEqual(['a', undefined, 'c', 'd']);
});

test('a flood of large entries neither grows without end nor pushes out a counter', async () => {
  const store = createInProcessKeyValueStore({ largeCharactersMax: 10_000 });
  await store.increment('counter', 9, { ttlMs: 60_000 });
  for (let index = 0; index < 50; index += 1) await store.set(`page${index}`, 'x'.repeat(3_000));
  const pages = await store.getMany(Array.from({ length: 50 }, (_, index) => `page${index}`));
  expect(pages.map((page) => page !== undefined)).toEqual([...Array(47).fill(false), true, true, true]);
  expect(await store.get('counter')).toBe('9');
});

test('an entry that grows or shrinks is one entry, and an expired one takes no room', async () => {
  const store = createInProcessKeyValueStore({ clock, largeCharactersMax: 10_000 });
  for (const value of ['x'.repeat(9_000), 'small', 'y'.repeat(9_000)]) {
    await store.set('a', value, { ttlMs: 1_000 });
    expect(await store.get('a')).toBe(value);
  }
  nowMs += 1_001;
  expect(await store.get('a')).toBeUndefined();
  await store.set('b', 'z'.repeat(5_000));
  await store.set('c', 'z'.repeat(5_000));
  expect((await store.getMany(['b', 'c'])).every((value) => value !== undefined)).toBe(true);
  await store.delete(['b', 'c']);
  expect(await store.getMany(['b', 'c'])).toEqual([undefined, undefined]);
});

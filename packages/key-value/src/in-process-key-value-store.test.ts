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

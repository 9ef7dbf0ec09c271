import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type KeyValueStore, KeyValueUnavailableError } from '../src/index.ts';

export interface ConformanceSubject {
  /** A client of the store; two calls give two clients of one store where the adapter knows such a thing. */
  createStore(): Promise<KeyValueStore>;
  /** Lets time pass for the store. */
  pass(ms: number): Promise<void>;
}

/** What every adapter of the port must do. */
export function describeKeyValueStore(name: string, subject: ConformanceSubject): void {
  describe(`${name} conforms to the port`, () => {
    let store: KeyValueStore;
    let key: string;
    beforeEach(async () => {
      store = await subject.createStore();
      key = randomUUID();
    });
    afterEach(async () => await store.close());

    test('what was set is read back, any text, until it is deleted', async () => {
      expect(await store.get(key)).toBeUndefined();
      for (const value of ['', 'plain', '{"a":"ü😀"}', 'line\r\nline\u0000', 'x'.repeat(100_000)]) {
        expect(await store.set(key, value)).toBe(true);
        expect(await store.get(key)).toBe(value);
      }
      await store.delete([key, 'missing']);
      await store.delete([]);
      expect(await store.get(key)).toBeUndefined();
    });

    test('many keys are read in their order, missing ones as undefined', async () => {
      await store.set(`${key}a`, '1');
      await store.set(`${key}c`, '3');
      expect(await store.getMany([`${key}c`, `${key}b`, `${key}a`])).toEqual(['3', undefined, '1']);
      expect(await store.getMany([])).toEqual([]);
    });

    test('an entry is gone after its time to live, and a new one without it stays', async () => {
      await store.set(key, 'short', { ttlMs: 2_000 });
      expect(await store.get(key)).toBe('short');
      await subject.pass(2_050);
      expect(await store.get(key)).toBeUndefined();
      await store.set(key, 'short', { ttlMs: 50 });
      await store.set(key, 'long');
      await subject.pass(100);
      expect(await store.get(key)).toBe('long');
    });

    test('only the first of many writes where nothing was, until that has expired', async () => {
      const writes = Array.from({ length: 20 }, (_, index) =>
        store.set(key, String(index), { onlyIfAbsent: true, ttlMs: 2_000 }),
      );
      expect((await Promise.all(writes)).filter(Boolean)).toHaveLength(1);
      await subject.pass(2_050);
      expect(await store.set(key, 'next', { onlyIfAbsent: true })).toBe(true);
      expect(await store.set(key, 'last', { onlyIfAbsent: true })).toBe(false);
      expect(await store.get(key)).toBe('next');
    });

    test('increments add up, and the time to live is set once', async () => {
      const first = await store.increment(key, 5, { ttlMs: 2_000 });
      expect(first.value).toBe(5);
      expect(first.ttlMs).toBeGreaterThan(1_000);
      expect(first.ttlMs).toBeLessThanOrEqual(2_000);
      await subject.pass(300);
      const second = await store.increment(key, -2, { ttlMs: 2_000 });
      expect(second.value).toBe(3);
      expect(second.ttlMs).toBeLessThanOrEqual(1_700);
      await subject.pass(1_750);
      expect(await store.increment(key, 1, { ttlMs: 2_000 })).toMatchObject({ value: 1 });
      const counts = await Promise.all(Array.from({ length: 50 }, () => store.increment(key, 1, { ttlMs: 60_000 })));
      expect(new Set(counts.map((count) => count.value)).size).toBe(50);
    });

    test('a message reaches every listener of its channel, in order, and no other', async () => {
      const other = await subject.createStore();
      const heard: string[][] = [[], [], []];
      const stops = [
        await store.subscribe(key, (message) => heard[0]?.push(message)),
        await store.subscribe(key, (message) => heard[1]?.push(message)),
        await store.subscribe(`${key}-other`, (message) => heard[2]?.push(message)),
      ];
      for (let count = 0; count < 10; count += 1) await other.publish(key, String(count));
      const all = Array.from({ length: 10 }, (_, count) => String(count));
      await vi.waitFor(() => expect(heard).toEqual([all, all, []]), 10_000);
      await stops[0]?.();
      await other.publish(key, 'more');
      await vi.waitFor(() => expect(heard[1]).toHaveLength(11), 10_000);
      expect(heard[0]).toHaveLength(10);
      for (const stop of stops) await stop();
      if (other !== store) await other.close();
    });

    test('a listener that throws harms no other', async () => {
      const heard: string[] = [];
      await store.subscribe(key, () => {
        throw new TypeError('listener');
      });
      await store.subscribe(key, (message) => heard.push(message));
      await store.publish(key, 'message');
      await vi.waitFor(() => expect(heard).toEqual(['message']), 10_000);
    });

    test('a closed store says that it is not available, and closes twice', async () => {
      expect(store.isReady()).toBe(true);
      await store.close();
      await store.close();
      expect(store.isReady()).toBe(false);
      await expect(store.get(key)).rejects.toThrow(KeyValueUnavailableError);
      await expect(store.increment(key, 1, { ttlMs: 1000 })).rejects.toThrow(KeyValueUnavailableError);
      await expect(store.publish(key, '')).rejects.toThrow(KeyValueUnavailableError);
    });
  });
}

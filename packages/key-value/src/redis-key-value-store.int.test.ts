import { randomUUID } from 'node:crypto';
import { testRedisUrl } from '@souk/testing';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { describeKeyValueStore } from '../test/conformance.ts';
import { TcpProxy } from '../test/tcp-proxy.ts';
import { type KeyValueStore, KeyValueUnavailableError } from './key-value-store.ts';
import { createRedisKeyValueStore } from './redis-key-value-store.ts';

const silent = { info() {}, warn() {} };
const prefix = `test-${randomUUID()}:`;

async function connectedStore(url: string): Promise<KeyValueStore> {
  const store = createRedisKeyValueStore({ url, logger: silent, prefix });
  await vi.waitFor(() => expect(store.isReady()).toBe(true), 3000);
  return store;
}

async function elapsedMs(action: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await action();
  return performance.now() - startedMs;
}

describeKeyValueStore('the Redis store', {
  createStore: () => connectedStore(testRedisUrl()),
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});

describe('when Redis fails', () => {
  let proxy: TcpProxy;
  let store: KeyValueStore;
  beforeEach(async () => {
    proxy = new TcpProxy(testRedisUrl());
    await proxy.start();
    store = await connectedStore(`redis://127.0.0.1:${proxy.port}`);
  });
  afterEach(async () => {
    await store.close();
    await proxy.stop();
  });

  test('every call on a silent server ends within 250 ms, and works again once it speaks', async () => {
    proxy.stall(true);
    const calls: (() => Promise<unknown>)[] = [
      () => store.get('a'),
      () => store.getMany(['a', 'b']),
      () => store.set('a', 'b'),
      () => store.increment('a', 1, { ttlMs: 1000 }),
      () => store.delete(['a']),
      () => store.publish('a', 'b'),
    ];
    for (const call of calls) {
      // The best of three: what a busy machine adds is not the adapter's.
      const tries = [];
      for (let count = 0; count < 3; count += 1) {
        tries.push(await elapsedMs(() => expect(call()).rejects.toThrow(KeyValueUnavailableError)));
      }
      expect(Math.min(...tries)).toBeLessThan(250);
    }
    // Silent for longer than the socket timeout: the connection itself is given up.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    proxy.stall(false);
    await vi.waitFor(async () => await store.set('back', 'yes'), { timeout: 5000, interval: 50 });
  });

  test('a paused server is as a silent one', async () => {
    const administrator = new Redis(`${testRedisUrl()}`);
    await administrator.call('CLIENT', 'PAUSE', '600', 'ALL');
    const tookMs = await elapsedMs(() => expect(store.get('a')).rejects.toThrow(KeyValueUnavailableError));
    expect(tookMs).toBeLessThan(400);
    await vi.waitFor(async () => await store.get('a'), { timeout: 5000, interval: 50 });
    administrator.disconnect();
  });

  test('a dead server fails every call at once, and a restarted one is found within a second', async () => {
    await proxy.stop();
    await vi.waitFor(() => expect(store.isReady()).toBe(false), 2000);
    const tookMs = await elapsedMs(() => expect(store.get('a')).rejects.toThrow(KeyValueUnavailableError));
    expect(tookMs).toBeLessThan(50);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await proxy.start();
    await vi.waitFor(() => expect(store.isReady()).toBe(true), { timeout: 2500, interval: 20 });
    expect(await store.set('a', '1', { ttlMs: 1000 })).toBe(true);
  });

  test('a subscription is made again after the connection was lost, however often', async () => {
    const heard: string[] = [];
    const channel = randomUUID();
    await store.subscribe(channel, (message) => heard.push(message));
    const publisher = await connectedStore(testRedisUrl());
    for (let round = 0; round < 3; round += 1) {
      proxy.cutConnections();
      const message = `after cut ${round}`;
      await vi.waitFor(
        async () => {
          await publisher.publish(channel, message);
          expect(heard).toContain(message);
        },
        { timeout: 5000, interval: 50 },
      );
    }
    await publisher.close();
  });

  test('a subscription asked for while Redis is away is made when it is back', async () => {
    await proxy.stop();
    const heard: string[] = [];
    const channel = randomUUID();
    const tookMs = await elapsedMs(() => store.subscribe(channel, (message) => heard.push(message)));
    expect(tookMs).toBeLessThan(250);
    await proxy.start();
    const publisher = await connectedStore(testRedisUrl());
    await vi.waitFor(
      async () => {
        await publisher.publish(channel, 'hello');
        expect(heard).toContain('hello');
      },
      { timeout: 5000, interval: 50 },
    );
    await publisher.close();
  });

  test('a subscription survives a connection that went silent without being closed, and one that idled', async () => {
    const heard: string[] = [];
    const channel = randomUUID();
    await store.subscribe(channel, (message) => heard.push(message));
    const publisher = await connectedStore(testRedisUrl());
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await publisher.publish(channel, 'after idling');
    await vi.waitFor(() => expect(heard).toEqual(['after idling']), 1000);
    proxy.stall(true);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    proxy.stall(false);
    await vi.waitFor(
      async () => {
        await publisher.publish(channel, 'after silence');
        expect(heard).toContain('after silence');
      },
      { timeout: 5000, interval: 50 },
    );
    await publisher.close();
  });

  test('closing takes no longer than 250 ms on a silent server', async () => {
    await store.subscribe(randomUUID(), () => undefined);
    proxy.stall(true);
    expect(await elapsedMs(() => store.close())).toBeLessThan(400);
  });

  test('an idle connection stays', async () => {
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(store.isReady()).toBe(true);
    expect(await store.get('a')).not.toBeNull();
  });
});

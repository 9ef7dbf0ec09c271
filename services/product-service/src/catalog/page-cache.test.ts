import { createInProcessKeyValueStore } from '@souk/key-value';
import { createMetrics } from '@souk/service-runtime';
import { describe, expect, it } from 'vitest';
import { createPageCache, type LoadedPage } from './page-cache.ts';

function aCache(
  keyValue = createInProcessKeyValueStore({ clock: { now: () => new Date() }, entriesMax: 100 }),
  incarnation = 'one',
) {
  const world = { nowMs: 1_000, available: [3, 4], refreshes: 0, loads: 0 };
  const cache = createPageCache({
    keyValue,
    incarnation: () => incarnation,
    metrics: createMetrics({ service: 'test', processMetrics: false }),
    clockMs: () => world.nowMs,
    random: () => 0.5,
    loadAvailable: async () => {
      world.refreshes += 1;
      return world.available;
    },
    pagesMax: 10,
    bytesMax: 10_000,
    ttlMs: 60_000,
    availableLagMs: 1_500,
  });
  const load = async (): Promise<LoadedPage> => {
    world.loads += 1;
    return {
      text: { generation: 7, productIds: ['a', 'b'], parts: ['[', ',', ']'] },
      available: world.available,
    };
  };
  const read = (options: { live?: boolean; generation?: number } = {}) =>
    cache.body({ generation: options.generation ?? 7, question: 'q' }, { live: options.live ?? false, load });
  return { world, read, keyValue };
}

describe('a page', () => {
  it('is loaded once for all who ask, and kept', async () => {
    const { world, read } = aCache();
    expect(await Promise.all([read(), read(), read()])).toEqual(['[3,4]', '[3,4]', '[3,4]']);
    expect(await read()).toBe('[3,4]');
    expect(world).toMatchObject({ loads: 1, refreshes: 0 });
  });

  it('shows the stock anew after the lag, without being loaded again', async () => {
    const { world, read } = aCache();
    await read();
    world.available = [1, 0];
    world.nowMs += 1_499;
    expect(await read()).toBe('[3,4]');
    world.nowMs += 1;
    expect(await Promise.all([read(), read()])).toEqual(['[1,0]', '[1,0]']);
    expect(world).toMatchObject({ loads: 1, refreshes: 1 });
  });

  it('is loaded anew after its time and for another generation', async () => {
    const { world, read } = aCache();
    await read();
    await read({ generation: 8 });
    expect(world.loads).toBe(2);
  });

  it('that another replica has loaded comes from the store, with the stock of the moment', async () => {
    const one = aCache();
    await one.read();
    const other = aCache(one.keyValue);
    other.world.available = [9, 9];
    expect(await other.read()).toBe('[9,9]');
    expect(other.world).toMatchObject({ loads: 0, refreshes: 1 });
  });

  it('of another database never comes from the store', async () => {
    const one = aCache();
    await one.read();
    const other = aCache(one.keyValue, 'another');
    await other.read();
    expect(other.world.loads).toBe(1);
  });

  it('that lists by stock is kept no longer than stock may lag, and not shared', async () => {
    const one = aCache();
    await one.read({ live: true });
    one.world.nowMs += 1_600;
    await one.read({ live: true });
    expect(one.world).toMatchObject({ loads: 2, refreshes: 0 });
    const other = aCache(one.keyValue);
    await other.read({ live: true });
    expect(other.world.loads).toBe(1);
  });
});

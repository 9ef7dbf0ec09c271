import { createInProcessKeyValueStore, type KeyValueStore } from '@souk/key-value';
import type { Pool } from '@souk/service-runtime';
import { describe, expect, it } from 'vitest';
import { createCatalogGeneration } from './catalog-generation.ts';

/** A database that knows one number, and replicas that share it and a store. */
function aWorld() {
  const world = { generation: 1, looks: 0, nowMs: 0 };
  const keyValue = createInProcessKeyValueStore({ clock: { now: () => new Date() }, entriesMax: 100 });
  const pool = {
    query: async () => {
      world.looks += 1;
      return { rows: [{ generation: world.generation }] };
    },
  } as unknown as Pool;
  const replica = (store: KeyValueStore = keyValue) =>
    createCatalogGeneration({ pool, keyValue: store, clockMs: () => world.nowMs, checkMs: 1_000 });
  return { world, keyValue, replica };
}

describe('the generation of the catalogue', () => {
  it('is looked up once while nothing changes', async () => {
    const { world, replica } = aWorld();
    const one = replica();
    for (let i = 0; i < 5; i += 1) expect(await one.current()).toBe(1);
    expect(world.looks).toBe(1);
  });

  it('is looked up anew after a change that any replica announced', async () => {
    const { world, replica } = aWorld();
    const [one, other] = [replica(), replica()];
    await Promise.all([one.current(), other.current()]);
    world.generation = 2;
    await other.announce();
    expect(await one.current()).toBe(2);
    expect(await other.current()).toBe(2);
  });

  it('is right although the store was emptied in between', async () => {
    const { world, keyValue, replica } = aWorld();
    const one = replica();
    await one.current();
    world.generation = 2;
    await keyValue.delete(['products:change-mark']);
    expect(await one.current()).toBe(2);
  });

  it('is looked up each second, should an announcement have been lost', async () => {
    const { world, replica } = aWorld();
    const one = replica();
    await one.current();
    world.generation = 2;
    world.nowMs = 999;
    expect(await one.current()).toBe(1);
    world.nowMs = 1_000;
    expect(await one.current()).toBe(2);
  });

  it('is looked up each time while the store is away', async () => {
    const { world, keyValue, replica } = aWorld();
    const one = replica({ ...keyValue, isReady: () => false });
    await one.current();
    world.generation = 2;
    expect(await one.current()).toBe(2);
  });
});

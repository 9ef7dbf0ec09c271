import { describe, expect, it } from 'vitest';
import { coalesce, createBatchLoader } from './coalesce.ts';

/** A load that ends when it is told to. */
function controlled<T>() {
  const runs: { resolve: (value: T) => void; reject: (error: Error) => void }[] = [];
  const load = () => new Promise<T>((resolve, reject) => runs.push({ resolve, reject }));
  return { runs, load };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('coalesced reads', () => {
  it('never answer from a run that began before the question', async () => {
    const { runs, load } = controlled<number>();
    const read = coalesce(load);
    const first = read();
    const second = read();
    const third = read();
    expect(runs).toHaveLength(1);
    runs[0]?.resolve(1);
    expect(await first).toBe(1);
    await turn();
    expect(runs).toHaveLength(2);
    runs[1]?.resolve(2);
    expect(await Promise.all([second, third])).toEqual([2, 2]);
  });

  it('go on after a failure', async () => {
    const { runs, load } = controlled<number>();
    const read = coalesce(load);
    const first = read();
    const second = read();
    runs[0]?.reject(new RangeError('away'));
    await expect(first).rejects.toThrow('away');
    await turn();
    runs[1]?.resolve(2);
    expect(await second).toBe(2);
    void read();
    expect(runs).toHaveLength(3);
  });
});

describe('a batch loader', () => {
  it('asks once for all keys of one turn', async () => {
    const asked: string[][] = [];
    const load = createBatchLoader<string>({
      keysMax: 3,
      batchesMax: 2,
      load: async (keys) => {
        asked.push([...keys]);
        return new Map(keys.filter((key) => key !== 'c').map((key) => [key, key.toUpperCase()]));
      },
    });
    expect(await Promise.all(['a', 'b', 'a', 'c', 'd'].map(load))).toEqual(['A', 'B', 'A', undefined, 'D']);
    expect(asked).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('collects while its batches are under way, and survives one that fails', async () => {
    const { runs, load } = controlled<ReadonlyMap<string, number>>();
    const find = createBatchLoader<number>({ keysMax: 10, batchesMax: 1, load });
    const first = find('a');
    await turn();
    const more = [find('b'), find('c')];
    await turn();
    expect(runs).toHaveLength(1);
    runs[0]?.reject(new RangeError('away'));
    await expect(first).rejects.toThrow('away');
    await turn();
    expect(runs).toHaveLength(2);
    runs[1]?.resolve(new Map([['b', 2]]));
    expect(await Promise.all(more)).toEqual([2, undefined]);
  });
});

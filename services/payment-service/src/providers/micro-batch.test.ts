import { expect, test } from 'vitest';
import { createMicroBatch } from './micro-batch.ts';

test('calls of one tick go out together, and each gets its own result', async () => {
  const batches: number[][] = [];
  const double = createMicroBatch<number, number>({
    batchMax: 10,
    run: async (items) => {
      batches.push([...items]);
      return items.map((item) => item * 2);
    },
  });
  expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
  expect(await double(4)).toBe(8);
  expect(batches).toEqual([[1, 2, 3], [4]]);
});

test('no batch is larger than its limit, and what comes meanwhile makes up the next', async () => {
  const sizes: number[] = [];
  const echo = createMicroBatch<number, number>({
    batchMax: 2,
    run: async (items) => {
      sizes.push(items.length);
      if (sizes.length === 1) late = echo(9);
      return items;
    },
  });
  let late: Promise<number> | undefined;
  expect(await Promise.all([1, 2, 3].map(echo))).toEqual([1, 2, 3]);
  expect(await late).toBe(9);
  expect(sizes).toEqual([2, 2]);
});

test('a failing batch fails its calls and no others', async () => {
  let failing = true;
  const call = createMicroBatch<number, number>({
    batchMax: 10,
    run: async (items) => {
      if (failing) throw new TypeError('down');
      return items;
    },
  });
  await expect(Promise.all([call(1), call(2)])).rejects.toThrow('down');
  failing = false;
  expect(await call(3)).toBe(3);
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWorkQueue, type Work } from './queue.ts';

describe('The queue of Shops', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const create = (work: Work, onError = vi.fn()) => createWorkQueue({ work, concurrency: 2, onError });
  const gate = () => {
    let open = () => {};
    const promise = new Promise<undefined>((resolve) => {
      open = () => resolve(undefined);
    });
    return { promise, open: () => open() };
  };

  it('makes one more pass of any number of changes during one', async () => {
    const first = gate();
    const work = vi.fn<Work>().mockReturnValueOnce(first.promise).mockResolvedValue(undefined);
    const queue = create(work);
    for (let index = 0; index < 5; index += 1) queue.add('shops/dev');
    expect(work).toHaveBeenCalledTimes(1);
    first.open();
    await vi.advanceTimersByTimeAsync(0);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('works on no more keys at once than it may', async () => {
    const gates = [gate(), gate(), gate()];
    const work = vi.fn<Work>((key) => gates[Number(key)]?.promise ?? Promise.resolve(undefined));
    const queue = create(work);
    for (const key of ['0', '1', '2']) queue.add(key);
    expect(work).toHaveBeenCalledTimes(2);
    expect(queue.depth()).toBe(1);
    gates[0]?.open();
    await vi.advanceTimersByTimeAsync(0);
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('comes back when the work says so', async () => {
    const work = vi.fn<Work>().mockResolvedValueOnce(10_000).mockResolvedValue(undefined);
    create(work).add('shops/dev');
    await vi.advanceTimersByTimeAsync(9_000);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('waits longer after each failure and forgets them after a success', async () => {
    const waits: number[] = [];
    const onError = vi.fn((_key: string, _error: unknown, retryMs: number) => void waits.push(retryMs));
    const work = vi.fn<Work>().mockRejectedValue('broken');
    create(work, onError).add('shops/dev');
    await vi.advanceTimersByTimeAsync(120_000);
    expect(waits.slice(0, 4)).toEqual([250, 500, 1_000, 2_000]);
    expect(Math.max(...waits)).toBe(30_000);
  });

  it('takes nothing new once stopped, and waits for the work in hand', async () => {
    const first = gate();
    const work = vi.fn<Work>().mockReturnValue(first.promise);
    const queue = create(work);
    queue.add('shops/dev');
    const stopped = vi.fn();
    void queue.stop().then(stopped);
    queue.add('shops/other');
    await vi.advanceTimersByTimeAsync(0);
    expect(stopped).not.toHaveBeenCalled();
    first.open();
    await vi.advanceTimersByTimeAsync(0);
    expect(stopped).toHaveBeenCalled();
    expect(work).toHaveBeenCalledTimes(1);
  });
});

import { describe, expect, it } from 'vitest';
import { percentiles, runLoad } from './load.ts';

describe('the load generator', () => {
  it('stops at the number of requests it was given', async () => {
    const result = await runLoad({ shot: async () => 200, connections: 4, durationMs: 5_000, requestsMax: 100 });
    expect(result.requests).toBe(100);
    expect(result.statuses).toEqual({ 200: 100 });
  });

  it('counts a broken connection as status 0 and goes on', async () => {
    const shot = async (sequence: number) => {
      if (sequence % 2 === 0) throw new TypeError('reset');
      return 200;
    };
    const result = await runLoad({ shot, connections: 1, durationMs: 5_000, requestsMax: 10 });
    expect(result.statuses).toEqual({ 0: 5, 200: 5 });
  });

  it('reads percentiles from the sorted times', () => {
    const times = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentiles(times)).toEqual({ latencyMsP50: 51, latencyMsP95: 96, latencyMsP99: 100 });
    expect(percentiles([])).toEqual({ latencyMsP50: 0, latencyMsP95: 0, latencyMsP99: 0 });
  });
});

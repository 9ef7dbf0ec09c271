import { createInProcessKeyValueStore, type KeyValueStore, KeyValueUnavailableError } from '@souk/key-value';
import { fixedClock, silentLogger } from '@souk/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLeasedRateLimiter, type LeasedRateLimiter } from './leased-rate-limiter.ts';

const START = new Date('2026-11-22T12:00:10.000Z');
let clock: ReturnType<typeof fixedClock>;
let store: KeyValueStore;
let calls: number;

beforeEach(() => {
  clock = fixedClock(START);
  const inner = createInProcessKeyValueStore({ clock, entriesMax: 1_000 });
  calls = 0;
  store = {
    ...inner,
    increment(key, by, options) {
      calls += 1;
      return inner.increment(key, by, options);
    },
  };
});

const createLimiter = (keyValue = store) => createLeasedRateLimiter({ keyValue, clock, logger: silentLogger() });

async function passed(limiter: LeasedRateLimiter, client: string, tries: number, limit = 600): Promise<number> {
  let count = 0;
  for (let index = 0; index < tries; index += 1) if ((await limiter.consume(client, limit)).allowed) count += 1;
  return count;
}

describe('the leased rate limit', () => {
  it('lets exactly the limit pass in a window, and asks the store only for leases', async () => {
    expect(await passed(createLimiter(), 'ann', 1_000)).toBe(600);
    // Twenty leases, and one more that was empty.
    expect(calls).toBe(21);
  });

  it('lets no more than the limit pass over two replicas', async () => {
    const [one, two] = [createLimiter(), createLimiter()];
    let count = 0;
    for (let round = 0; round < 500; round += 1) count += (await passed(one, 'ann', 1)) + (await passed(two, 'ann', 1));
    expect(count).toBe(600);
  });

  it('counts each client for itself', async () => {
    const limiter = createLimiter();
    expect(await passed(limiter, 'ann', 5, 3)).toBe(3);
    expect(await passed(limiter, 'bob', 5, 3)).toBe(3);
  });

  it('begins anew with the next minute', async () => {
    const limiter = createLimiter();
    await passed(limiter, 'ann', 5, 3);
    clock.advance(49_999);
    expect(await passed(limiter, 'ann', 1, 3)).toBe(0);
    clock.advance(1);
    expect(await passed(limiter, 'ann', 5, 3)).toBe(3);
  });

  it('says what is left and when the window ends', async () => {
    const limiter = createLimiter();
    expect(await limiter.consume('ann', 100)).toEqual({ allowed: true, limit: 100, remaining: 99, resetSeconds: 50 });
    await passed(limiter, 'ann', 100, 100);
    expect(await limiter.consume('ann', 100)).toEqual({ allowed: false, limit: 100, remaining: 0, resetSeconds: 50 });
  });

  it('gives a crowd that comes at once no more than the limit', async () => {
    const limiter = createLimiter();
    const decisions = await Promise.all(Array.from({ length: 200 }, () => limiter.consume('ann', 100)));
    expect(decisions.filter((decision) => decision.allowed).length).toBe(100);
  });

  it('decides by itself while the store does not answer, and without asking it for each request', async () => {
    let asked = 0;
    const away: KeyValueStore = {
      ...store,
      increment: () => {
        asked += 1;
        return Promise.reject(new KeyValueUnavailableError('increment'));
      },
    };
    const limiter = createLimiter(away);
    expect(await passed(limiter, 'ann', 20, 10)).toBe(10);
    expect(await passed(limiter, 'bob', 20, 10)).toBe(10);
    expect(asked).toBe(1);
    clock.advance(1_001);
    await passed(limiter, 'eve', 1, 10);
    expect(asked).toBe(2);
  });
});

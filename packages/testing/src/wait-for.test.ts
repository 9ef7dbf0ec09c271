import { describe, expect, it } from 'vitest';
import { fixedClock } from './fixed-clock.ts';
import { waitFor } from './wait-for.ts';

describe('waiting', () => {
  it('answers what the check answers in the end', async () => {
    let tries = 0;
    const value = await waitFor(() => (++tries === 3 ? 'there' : undefined), { everyMs: 1 });
    expect(value).toBe('there');
  });

  it('takes zero and the empty text for answers, and a thrown assertion for "not yet"', async () => {
    expect(await waitFor(() => 0)).toBe(0);
    expect(await waitFor(() => '')).toBe('');
    let tries = 0;
    await waitFor(
      () => {
        tries += 1;
        expect(tries).toBe(2);
        return true;
      },
      { everyMs: 1 },
    );
  });

  it('says what did not come, and why', async () => {
    const never = waitFor(() => Promise.reject(new RangeError('3 is not 4')), {
      timeoutMs: 20,
      everyMs: 5,
      what: 'The fourth order',
    });
    await expect(never).rejects.toThrow('The fourth order did not come within 20 ms: 3 is not 4');
  });
});

describe('a fixed clock', () => {
  it('stands still until it is told to move', () => {
    const clock = fixedClock('2026-01-01T00:00:00.000Z');
    expect(clock.now()).toEqual(clock.now());
    clock.advance(1_500);
    expect(clock.now().toISOString()).toBe('2026-01-01T00:00:01.500Z');
    clock.set(new Date(0));
    expect(clock.now().getTime()).toBe(0);
  });
});

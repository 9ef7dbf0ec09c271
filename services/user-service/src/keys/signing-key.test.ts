import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRotation, type KeyTurn, rotationTimes } from './signing-key.ts';

const DAY_MS = 86_400_000;
const TIMES = rotationTimes(30 * DAY_MS, 600_000);
const START = new Date('2026-01-01T00:00:00.000Z');
const at = (ms: number) => new Date(START.getTime() + ms);
const aKey = (id: string, signsFrom: Date, usable = true): KeyTurn => ({ id, signsFrom, usable });

describe('rotating signing keys', () => {
  it('makes the first key at once', () => {
    expect(decideRotation([], START, TIMES)).toEqual({
      current: undefined,
      published: [],
      create: { signsFrom: START },
      expired: [],
    });
  });

  it('does nothing in the middle of a turn', () => {
    const decision = decideRotation([aKey('a', START)], at(15 * DAY_MS), TIMES);
    expect(decision).toEqual({ current: 'a', published: ['a'], create: undefined, expired: [] });
  });

  it('publishes the next key before it signs', () => {
    const now = at(30 * DAY_MS - TIMES.publishLeadMs);
    const { create, current } = decideRotation([aKey('a', START)], now, TIMES);
    expect(create).toEqual({ signsFrom: at(30 * DAY_MS) });
    expect(current).toBe('a');
    const announced = [aKey('a', START), aKey('b', at(30 * DAY_MS))];
    expect(decideRotation(announced, now, TIMES)).toMatchObject({
      current: 'a',
      published: ['a', 'b'],
      create: undefined,
    });
    expect(decideRotation(announced, at(30 * DAY_MS), TIMES)).toMatchObject({ current: 'b', published: ['a', 'b'] });
  });

  it('keeps a key published until its last token has expired, and then deletes it', () => {
    const keys = [aKey('a', START), aKey('b', at(30 * DAY_MS))];
    const lastMoment = at(30 * DAY_MS + TIMES.verifyTailMs);
    expect(decideRotation(keys, lastMoment, TIMES).published).toEqual(['a', 'b']);
    const after = decideRotation(keys, new Date(lastMoment.getTime() + 1), TIMES);
    expect(after).toMatchObject({ published: ['b'], expired: ['a'] });
  });

  it('after a long sleep publishes the next key for the lead before it signs', () => {
    const now = at(100 * DAY_MS);
    const { create, current } = decideRotation([aKey('a', START)], now, TIMES);
    expect(current).toBe('a');
    expect(create).toEqual({ signsFrom: new Date(now.getTime() + TIMES.publishLeadMs) });
  });

  it('signs with another key when the secret no longer opens the old one, and still verifies the old tokens', () => {
    const decision = decideRotation([aKey('a', START, false)], at(DAY_MS), TIMES);
    expect(decision).toEqual({ current: undefined, published: ['a'], create: { signsFrom: at(DAY_MS) }, expired: [] });
    const keys = [aKey('a', START, false), aKey('b', at(DAY_MS))];
    expect(decideRotation(keys, at(DAY_MS), TIMES)).toMatchObject({ current: 'b', published: ['a', 'b'] });
  });

  it('always has a published key to sign with, and never unpublishes one whose tokens live', () => {
    const steps = fc.array(fc.integer({ min: 1_000, max: 12 * 3_600_000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(steps, (waits) => {
        const times = rotationTimes(DAY_MS, 600_000);
        let keys: KeyTurn[] = [];
        let now = START;
        let signedLast = new Map<string, number>();
        for (const waitMs of waits) {
          now = new Date(now.getTime() + waitMs);
          const first = decideRotation(keys, now, times);
          if (first.create !== undefined) keys.push(aKey(`k${now.getTime()}`, first.create.signsFrom));
          keys = keys.filter((key) => !first.expired.includes(key.id));
          const { current, published } = decideRotation(keys, now, times);
          expect(current).toBeDefined();
          expect(published).toContain(current);
          for (const [id, signedAt] of signedLast) {
            if (now.getTime() - signedAt <= 600_000) expect(published).toContain(id);
          }
          signedLast = new Map(signedLast).set(String(current), now.getTime());
        }
      }),
    );
  });
});

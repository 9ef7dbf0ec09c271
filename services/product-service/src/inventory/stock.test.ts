import { describe, expect, it } from 'vitest';
import { availableOf, decideAdjust, decideSetOnHand, fallsToThreshold } from './stock.ts';

const stock = { onHand: 10, reserved: 4, version: 3 };

describe('stock', () => {
  it('is counted down to what is reserved, and not below', () => {
    expect(decideSetOnHand(stock, 4, 100)).toEqual({
      kind: 'changed',
      delta: -6,
      stock: { onHand: 4, reserved: 4, version: 4 },
    });
    expect(decideSetOnHand(stock, 3, 100)).toEqual({ kind: 'below-reserved', reserved: 4, wanted: 3 });
    expect(decideSetOnHand(stock, 101, 100)).toEqual({ kind: 'above-limit', limit: 100 });
  });

  it('is adjusted by what came or went', () => {
    expect(decideAdjust(stock, 5, 100)).toMatchObject({ kind: 'changed', delta: 5, stock: { onHand: 15 } });
    expect(decideAdjust(stock, -7, 100)).toMatchObject({ kind: 'below-reserved' });
  });

  it.each([
    [10, 5, true],
    [6, 5, true],
    [6, 0, true],
    [5, 4, false],
    [5, 6, false],
    [10, 6, false],
  ])('of %i that becomes %i falls to the threshold of 5: %s', (before, after, falls) => {
    const of = (onHand: number) => ({ onHand, reserved: 0, version: 1 });
    expect(availableOf(of(before))).toBe(before);
    expect(fallsToThreshold(of(before), of(after), 5)).toBe(falls);
  });
});

import { createEvent, type SoukEvent } from '@souk/contracts';
import { describe, expect, it } from 'vitest';
import {
  decideEnd,
  decideReserve,
  type Ending,
  holdsLines,
  mergeLines,
  type ReservationStatus,
  refusalOf,
  reservationTotal,
} from './reservation.ts';
import { wantedEndings } from './reservation-consumers.ts';

const EUR = (amount: number) => ({ amount, currency: 'EUR' });
const stockOf = (available: number) => ({ productId: 'a', sku: 'A', name: 'Lamp', unitPrice: EUR(100), available });

describe('deciding to reserve', () => {
  it('adds up lines of one product under the first', () => {
    expect(
      mergeLines([
        { productId: 'a', quantity: 1 },
        { productId: 'b', quantity: 2 },
        { productId: 'a', quantity: 3 },
      ]),
    ).toEqual([
      { productId: 'a', quantity: 4, position: 0 },
      { productId: 'b', quantity: 2, position: 1 },
    ]);
  });

  it.each([
    [1, 1, 'reserve'],
    [2, 1, 'out-of-stock'],
    [1, 0, 'out-of-stock'],
  ])('%i of %i available: %s', (quantity, available, kind) => {
    const lines = [{ productId: 'a', quantity, position: 0 }];
    expect(decideReserve(lines, new Map([['a', stockOf(available)]])).kind).toBe(kind);
  });

  it('names unknown products before short ones', () => {
    const lines = [
      { productId: 'a', quantity: 9, position: 0 },
      { productId: 'x', quantity: 1, position: 1 },
    ];
    const decision = decideReserve(lines, new Map([['a', stockOf(1)]]));
    expect(decision).toMatchObject({ kind: 'unknown-products', lines: [{ position: 1 }] });
    if (decision.kind !== 'reserve') expect(refusalOf(decision)).toMatchObject({ code: 'validation' });
  });
});

describe('deciding to end', () => {
  it.each<[ReservationStatus | undefined, Ending, string, string | undefined]>([
    ['active', 'commit', 'ends', 'committed'],
    ['committed', 'commit', 'ended', 'committed'],
    ['restocked', 'commit', 'ended', 'restocked'],
    ['released', 'commit', 'refused', 'released'],
    [undefined, 'commit', 'refused', undefined],
    ['active', 'release', 'ends', 'released'],
    ['committed', 'release', 'ends', 'restocked'],
    ['released', 'release', 'ended', 'released'],
    ['restocked', 'release', 'ended', 'restocked'],
    [undefined, 'release', 'ends', 'released'],
  ])('%s, %s: %s %s', (status, ending, kind, becomes) => {
    expect(decideEnd(status, ending)).toEqual({ kind, status: becomes });
  });
});

describe('a reservation', () => {
  const items = [
    { productId: 'a', sku: 'A', name: 'Lamp', quantity: 2, unitPrice: EUR(99_999_999) },
    { productId: 'b', sku: 'B', name: 'Chair', quantity: 99, unitPrice: EUR(99_999_999) },
  ];
  const reservation = { orderId: 'o', status: 'active' as const, expiresAt: new Date(0), items };

  it('adds up to its total, and to nothing without lines', () => {
    expect(reservationTotal(reservation, 'EUR')).toEqual(EUR(101 * 99_999_999));
    expect(reservationTotal({ ...reservation, items: [] }, 'USD')).toEqual({ amount: 0, currency: 'USD' });
  });

  it('recognizes its own lines in any sequence', () => {
    const lines = [
      { productId: 'b', quantity: 99, position: 0 },
      { productId: 'a', quantity: 2, position: 1 },
    ];
    expect(holdsLines(reservation, lines)).toBe(true);
    expect(holdsLines(reservation, lines.slice(1))).toBe(false);
    expect(holdsLines(reservation, [{ productId: 'b', quantity: 98, position: 0 }, ...lines.slice(1)])).toBe(false);
  });
});

describe('what a batch of events wants', () => {
  function event(type: 'order.completed' | 'order.cancelled', orderId: string, sequence: number): SoukEvent {
    const shared = { id: `${type}-${sequence}`, subject: orderId, time: new Date(0), sequence };
    return createEvent({ ...shared, type, data: { orderId } as never }) as SoukEvent;
  }

  it('is what the newest event of each order says, in whatever sequence they come', () => {
    const events = [
      event('order.cancelled', 'a', 3),
      event('order.completed', 'a', 2),
      event('order.completed', 'b', 2),
      event('order.completed', 'c', 2),
      event('order.cancelled', 'c', 3),
    ];
    for (const batch of [events, events.toReversed()]) {
      expect(wantedEndings(batch).toSorted((x, y) => (x.orderId < y.orderId ? -1 : 1))).toEqual([
        { orderId: 'a', sequence: 3, ending: 'release' },
        { orderId: 'b', sequence: 2, ending: 'commit' },
        { orderId: 'c', sequence: 3, ending: 'release' },
      ]);
    }
  });
});

import { type FieldError, type Money, Refusal, sumMoney } from '@souk/contracts';

export const reservationStatuses = ['active', 'committed', 'released', 'restocked'] as const;
export type ReservationStatus = (typeof reservationStatuses)[number];

/** How an order wants its reservation to end: sold, or given back. */
export type Ending = 'commit' | 'release';

export interface ReservationItem {
  productId: string;
  sku: string;
  name: string;
  quantity: number;
  unitPrice: Money;
}

/** Stock held for one order id until the order is decided. */
export interface Reservation {
  orderId: string;
  status: ReservationStatus;
  expiresAt: Date;
  items: ReservationItem[];
}

/** A line of an order that is to be reserved. `position` is its place in the request, for pointers. */
export interface WantedLine {
  productId: string;
  quantity: number;
  position: number;
}

/** What the stock says about a wanted line; undefined where no product on sale has that id. */
export interface LineStock {
  productId: string;
  sku: string;
  name: string;
  unitPrice: Money;
  available: number;
}

export type ReserveDecision =
  | { kind: 'reserve' }
  | { kind: 'unknown-products'; lines: WantedLine[] }
  | { kind: 'out-of-stock'; lines: (WantedLine & { available: number; name: string })[] };

/** Lines of one product are added up; the first one names it in pointers. */
export function mergeLines(items: readonly { productId: string; quantity: number }[]): WantedLine[] {
  const lines = new Map<string, WantedLine>();
  items.forEach(({ productId, quantity }, position) => {
    const known = lines.get(productId);
    if (known === undefined) lines.set(productId, { productId, quantity, position });
    else known.quantity += quantity;
  });
  return [...lines.values()];
}

/** All or nothing: every product must be on sale and have enough that nobody else holds. */
export function decideReserve(lines: readonly WantedLine[], stock: ReadonlyMap<string, LineStock>): ReserveDecision {
  const unknown = lines.filter(({ productId }) => !stock.has(productId));
  if (unknown.length > 0) return { kind: 'unknown-products', lines: unknown };
  const short = lines.flatMap((line) => {
    const found = stock.get(line.productId);
    return found !== undefined && found.available < line.quantity
      ? [{ ...line, available: found.available, name: found.name }]
      : [];
  });
  return short.length > 0 ? { kind: 'out-of-stock', lines: short } : { kind: 'reserve' };
}

/** The refusal that a decision against reserving is answered with. */
export function refusalOf(decision: Exclude<ReserveDecision, { kind: 'reserve' }>): Refusal {
  switch (decision.kind) {
    case 'unknown-products':
      return new Refusal('validation', 'A line names a product that is not on sale', {
        errors: decision.lines.map(({ position }) => ({
          pointer: `/items/${position}/productId`,
          detail: 'expected a product on sale',
        })),
      });
    case 'out-of-stock':
      return new Refusal('out-of-stock', 'At least one line asks for more than is available', {
        errors: decision.lines.map(
          ({ position, quantity, available, name }): FieldError => ({
            pointer: `/items/${position}/quantity`,
            detail: `${name}: ${quantity} wanted, ${available} available`,
          }),
        ),
      });
  }
}

export type EndDecision =
  | { kind: 'ends'; status: ReservationStatus }
  /** It ended like this before; nothing to do. */
  | { kind: 'ended'; status: ReservationStatus }
  /** Only stock that is held can be sold. */
  | { kind: 'refused'; status: ReservationStatus | undefined };

/**
 * What an ending does to a reservation. Only the order ends one: a commit sells what is held; a release gives back what
 * is held and restocks what was sold. An unknown id is released too, so that a late reservation finds it closed.
 */
export function decideEnd(status: ReservationStatus | undefined, ending: Ending): EndDecision {
  switch (ending) {
    case 'commit':
      if (status === 'active') return { kind: 'ends', status: 'committed' };
      return status === 'committed' || status === 'restocked' ? { kind: 'ended', status } : { kind: 'refused', status };
    case 'release':
      if (status === 'active' || status === undefined) return { kind: 'ends', status: 'released' };
      return status === 'committed' ? { kind: 'ends', status: 'restocked' } : { kind: 'ended', status };
  }
}

export function reservationTotal(reservation: Reservation, currency: string): Money {
  const lines = reservation.items.map(({ unitPrice, quantity }) => ({
    amount: unitPrice.amount * quantity,
    currency: unitPrice.currency,
  }));
  return sumMoney(lines, reservation.items[0]?.unitPrice.currency ?? currency);
}

/** Whether a reservation holds exactly these lines: a repeated request finds its own. */
export function holdsLines(reservation: Reservation, lines: readonly WantedLine[]): boolean {
  const held = new Map(reservation.items.map(({ productId, quantity }) => [productId, quantity]));
  return held.size === lines.length && lines.every(({ productId, quantity }) => held.get(productId) === quantity);
}

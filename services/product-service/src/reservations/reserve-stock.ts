import { createEvent, Refusal } from '@souk/contracts';
import { currentTraceparent, type Pool } from '@souk/service-runtime';
import {
  decideReserve,
  holdsLines,
  mergeLines,
  type Reservation,
  type ReservationItem,
  refusalOf,
  type WantedLine,
} from './reservation.ts';
import { findReservation, type ReserveOutcome, tryReserve } from './reservation-repository.ts';
import { retryConflicts } from './retry-conflicts.ts';

export interface ReserveStockDependencies {
  pool: Pool;
  now: () => Date;
  newId: () => string;
  relay: { wake(): void };
  reservationTtlMs: number;
  lowStockThreshold: number;
}

export interface ReserveStock {
  orderId: string;
  items: readonly { productId: string; quantity: number }[];
}

/** Stands where the statement puts the ids of the products that fall to the threshold. */
const PLACEHOLDER = '00000000-0000-0000-0000-000000000000';

/**
 * Holds stock for an order at today's prices, all lines or none. Repeated for the same order it answers the reservation
 * that is there; a closed one stays closed (409), so that a late request cannot hold stock for an order that has ended.
 */
export async function reserveStock(deps: ReserveStockDependencies, command: ReserveStock): Promise<Reservation> {
  const lines = mergeLines(command.items);
  const now = deps.now();
  const expiresAt = new Date(now.getTime() + deps.reservationTtlMs);
  const attempt = {
    orderId: command.orderId,
    lines,
    now,
    expiresAt,
    lowStockEventIds: lines.map(() => deps.newId()),
    lowStockThreshold: deps.lowStockThreshold,
    lowStockEnvelope: lowStockEnvelope(now),
  };
  const outcome = await retryConflicts(() => tryReserve(deps.pool, attempt));
  if (outcome.lowStockEvents > 0) deps.relay.wake();
  if (outcome.reserved) {
    return { orderId: command.orderId, status: 'active', expiresAt, items: reservedItems(lines, outcome) };
  }
  // Also where the stock looks too short: the same request may have taken it while this one waited for the row.
  const existing = await findReservation(deps.pool, command.orderId);
  return existing === undefined ? refuse(lines, outcome) : repeated(existing, lines);
}

function refuse(lines: readonly WantedLine[], outcome: ReserveOutcome): never {
  const decision = decideReserve(lines, outcome.stock);
  if (decision.kind !== 'reserve') throw refusalOf(decision);
  throw new Refusal('unavailable', 'The reservation could not be written; try again', { retryAfterSeconds: 1 });
}

function reservedItems(lines: readonly WantedLine[], { stock }: ReserveOutcome): ReservationItem[] {
  return lines.flatMap(({ productId, quantity }) => {
    const found = stock.get(productId);
    if (found === undefined) return [];
    const { sku, name, unitPrice } = found;
    return [{ productId, sku, name, quantity, unitPrice }];
  });
}

/** Another request for this order came first: the same one again, or the order's end. */
function repeated(existing: Reservation, lines: readonly WantedLine[]): Reservation {
  if (existing.status !== 'active') {
    throw new Refusal('reservation-closed', `The reservation of this order is ${existing.status}`);
  }
  if (!holdsLines(existing, lines)) {
    throw new Refusal('conflict', 'This order holds a reservation of other lines');
  }
  return existing;
}

function lowStockEnvelope(now: Date): string {
  const traceparent = currentTraceparent();
  const event = createEvent({
    id: PLACEHOLDER,
    type: 'inventory.low_stock',
    subject: PLACEHOLDER,
    time: now,
    ...(traceparent === undefined ? {} : { traceparent }),
    data: { productId: PLACEHOLDER, sku: '', name: '', available: 0, threshold: 0 },
  });
  return JSON.stringify(event);
}

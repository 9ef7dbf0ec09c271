import { createEvent, Refusal } from '@souk/contracts';
import type { Pool } from '@souk/service-runtime';
import { currentTraceparent } from '@souk/service-runtime';
import { decideReserve, holdsLines, mergeLines, type Reservation, refusalOf, type WantedLine } from './reservation.ts';
import { findReservation, type ReserveOutcome, tryReserve } from './reservation-repository.ts';

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
  const outcome = await tryReserve(deps.pool, {
    orderId: command.orderId,
    lines,
    now,
    expiresAt,
    lowStockEventIds: lines.map(() => deps.newId()),
    lowStockThreshold: deps.lowStockThreshold,
    lowStockEnvelope: lowStockEnvelope(now),
  });
  if (outcome.lowStockEvents > 0) deps.relay.wake();
  if (outcome.reserved) return reservationOf(command.orderId, lines, outcome, expiresAt);
  const decision = outcome.existed ? { kind: 'reserve' as const } : decideReserve(lines, outcome.stock);
  if (decision.kind !== 'reserve') throw refusalOf(decision);
  return existingReservation(deps.pool, command.orderId, lines);
}

function reservationOf(
  orderId: string,
  lines: readonly WantedLine[],
  outcome: ReserveOutcome,
  expiresAt: Date,
): Reservation {
  const items = lines.flatMap(({ productId, quantity }) => {
    const found = outcome.stock.get(productId);
    return found === undefined
      ? []
      : [{ productId, sku: found.sku, name: found.name, quantity, unitPrice: found.unitPrice }];
  });
  return { orderId, status: 'active', expiresAt, items };
}

/** Another request for this order came first: the same one again, or the order's end. */
async function existingReservation(pool: Pool, orderId: string, lines: readonly WantedLine[]): Promise<Reservation> {
  const existing = await findReservation(pool, orderId);
  if (existing === undefined)
    throw new Refusal('unavailable', 'The reservation is being written; try again', { retryAfterSeconds: 1 });
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

import { createEvent } from '@souk/contracts';
import { insertOutbox } from '@souk/outbox';
import { createSweep, type Logger, type Metrics, type Pool, type Sweep, transaction } from '@souk/service-runtime';
import { LIMITS } from '../config.ts';
import { takeExpired } from './reservation-repository.ts';

export interface ExpiryDependencies {
  pool: Pool;
  now: () => Date;
  newId: () => string;
  relay: { wake(): void };
  /** An order that was told stays silent for this long before it is told again. */
  tellAgainAfterMs: number;
}

/**
 * Tells the orders of reservations past their time, and keeps the stock: only the order ends a reservation, because a
 * payment may be on its way. Told again until the order has decided. Answers how many were told.
 */
export async function tellExpired(deps: ExpiryDependencies, batchMax: number = LIMITS.expiryBatchMax): Promise<number> {
  const now = deps.now();
  const toldBefore = new Date(now.getTime() - deps.tellAgainAfterMs);
  const told = await transaction(deps.pool, async (tx) => {
    const orderIds = await takeExpired(tx, { now, toldBefore, limit: batchMax });
    const events = orderIds.map((orderId) =>
      createEvent({
        id: deps.newId(),
        type: 'inventory.reservation_expired',
        subject: orderId,
        time: now,
        data: { orderId },
      }),
    );
    await insertOutbox(tx, events);
    return orderIds.length;
  });
  if (told > 0) deps.relay.wake();
  return told;
}

export function createExpirySweep(
  deps: ExpiryDependencies,
  runtime: { intervalMs: number; logger: Logger; metrics: Metrics },
): Sweep {
  const toldTotal = runtime.metrics.counter(
    'souk_reservations_expired_total',
    'Reservations past their time that their order was told of, repeats included',
  );
  return createSweep({
    name: 'reservation-expiry',
    ...runtime,
    async run(signal) {
      let told: number = LIMITS.expiryBatchMax;
      while (told === LIMITS.expiryBatchMax && !signal.aborted) {
        told = await tellExpired(deps);
        toldTotal.inc(told);
      }
    },
  });
}

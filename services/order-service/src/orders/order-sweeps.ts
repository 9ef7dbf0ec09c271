import { createSweep, type Logger, type Metrics, type Sweep, type Worker } from '@souk/service-runtime';
import { eraseRemaining } from './erase-personal-data.ts';
import type { OrderDependencies } from './order-dependencies.ts';
import { countOpenOrders, redriveOrders } from './redrive-orders.ts';
import { releaseOrphans } from './release-orphans.ts';
import { settleStock } from './settle-stock.ts';
import { timelineRepository } from './timeline-repository.ts';

export interface OrderSweeps {
  workers: Worker[];
  /** Something to settle or to release was just found. */
  wake(): void;
}

type Run = (signal: AbortSignal) => Promise<void>;

/** Each policy has a sweep of its own, so that product-service being away holds up nothing but the stock. */
export function createOrderSweeps(
  deps: OrderDependencies,
  options: { intervalMs: number; logger: Logger; metrics: Metrics },
): OrderSweeps {
  const sweep = (name: string, run: Run): Sweep => createSweep({ name, run, ...options });
  const stock = sweep('settle-stock', (signal) => settleStock(deps, signal));
  const orphans = sweep('release-orphans', (signal) => releaseOrphans(deps, signal));
  return {
    workers: [
      stock,
      orphans,
      sweep('redrive-orders', (signal) => redriveOrders(deps, signal)),
      // What is stuck shows here, and above all when redriving fails.
      sweep('count-open-orders', () => countOpenOrders(deps)),
      sweep('erase-personal-data', (signal) => eraseRemaining(deps, signal)),
      sweep('drop-expired-streams', () => timelineRepository.dropExpiredStreams(deps.pool, deps.clock.now())),
    ],
    wake: () => {
      stock.wake();
      orphans.wake();
    },
  };
}

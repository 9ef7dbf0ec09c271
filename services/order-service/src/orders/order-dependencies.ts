import type { Clock, Logger, Pool } from '@souk/service-runtime';
import type { OrderMetrics } from './order-metrics.ts';
import type { SagaTimings } from './saga-schedule.ts';
import type { StockClient } from './stock-client.ts';

/** What the use cases of an order are given. */
export interface OrderDependencies {
  pool: Pool;
  clock: Clock;
  newId: () => string;
  logger: Logger;
  metrics: OrderMetrics;
  stock: StockClient;
  timings: SagaTimings;
  /** Called after a commit: wakes the relay, and the streams that follow these orders. */
  committed: (orderIds: readonly string[]) => void;
  /** There is, or will be after a commit that is near, stock to be settled or released now. */
  stockIsDue: () => void;
}

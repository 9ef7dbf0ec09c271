import type { Broker } from '@souk/messaging';
import type { Logger, Metrics, Pool, Worker } from '@souk/service-runtime';
export interface RelayOptions {
  pool: Pool;
  broker: Broker;
  logger: Logger;
  metrics: Metrics;
  pollIntervalMs?: number;
  batchMax?: number;
  leaseMs?: number;
}
export interface Relay extends Worker {
  /** Called after the commit of a transaction that wrote to the outbox. */
  wake(): void;
}
export function createRelay(options: RelayOptions): Relay {
  void options;
  return { name: 'relay', start() {}, stop: async () => {}, wake() {} };
}

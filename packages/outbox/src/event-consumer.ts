import type { CloudEvent, EventType, SoukEvent } from '@souk/contracts';
import type { Broker } from '@souk/messaging';
import type { Logger, Metrics, Pool, PoolClient, Worker } from '@souk/service-runtime';
export type EventHandlers = { [T in EventType]?: (tx: PoolClient, events: CloudEvent<T>[]) => Promise<void> };
export interface EventConsumerOptions {
  service: string;
  pool: Pool;
  broker: Broker;
  logger: Logger;
  metrics: Metrics;
  relay?: { wake(): void } | undefined;
  prefetch?: number;
  batchMax?: number;
  handlers: EventHandlers;
  onRedrive?: ((tx: PoolClient, events: SoukEvent[]) => Promise<void>) | undefined;
}
export function createEventConsumer(options: EventConsumerOptions): Worker {
  void options;
  return { name: 'event-consumer', start() {}, stop: async () => {} };
}

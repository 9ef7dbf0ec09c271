import type { Broker } from '@souk/messaging';
import type { Logger, Metrics, Pool, Worker } from '@souk/service-runtime';
export interface DeadLetterConsumerOptions {
  service: string;
  pool: Pool;
  broker: Broker;
  logger: Logger;
  metrics: Metrics;
}
export function createDeadLetterConsumer(options: DeadLetterConsumerOptions): Worker {
  void options;
  return { name: 'dead-letter-consumer', start() {}, stop: async () => {} };
}

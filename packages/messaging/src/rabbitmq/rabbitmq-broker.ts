import type { QueueTopology } from '@souk/contracts';
import type { Broker } from '../broker.ts';
import type { MetricsFactory } from '../broker-metrics.ts';
import type { BrokerLogger } from '../log.ts';

export interface RabbitMqBrokerOptions {
  /** `amqp://user:password@host:port/vhost` or `amqps://…`. */
  url: string;
  retryDelaysMs: readonly number[];
  logger: BrokerLogger;
  metrics?: MetricsFactory | undefined;
  /** Default: the platform's topology. */
  queues?: readonly QueueTopology[] | undefined;
  /** Put before the name of the exchange and of every queue: tests share a broker. */
  prefix?: string | undefined;
  /** Shown in the broker's list of connections. */
  connectionName?: string | undefined;
}

export function createRabbitMqBroker(options: RabbitMqBrokerOptions): Broker {
  throw options;
}

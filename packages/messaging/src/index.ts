export {
  ATTEMPT_HEADER,
  type Broker,
  type ConsumeOptions,
  type Consumption,
  DEAD_LETTER_REASON_HEADER,
  type Delivery,
  type OutgoingMessage,
  type PublishOptions,
  type PublishOutcome,
} from './broker.ts';
export type { MetricsFactory } from './broker-metrics.ts';
export { createInProcessBroker, type InProcessBrokerOptions } from './in-process/in-process-broker.ts';
export type { BrokerLogger } from './log.ts';
export { createRabbitMqBroker, type RabbitMqBrokerOptions } from './rabbitmq/rabbitmq-broker.ts';

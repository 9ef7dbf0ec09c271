import { QUEUES, type QueueTopology } from '@souk/contracts';
import type { Broker } from '../broker.ts';
import { createBrokerMetrics, type MetricsFactory } from '../broker-metrics.ts';
import type { BrokerLogger } from '../log.ts';
import { PUBLISH_TIMEOUT_MS_DEFAULT } from '../outcomes.ts';
import type { ConnectionContext } from './connection-context.ts';
import { createConsumeSide } from './consume-side.ts';
import { startPublishSide } from './publish-side.ts';
import { createTopology } from './topology.ts';
import { toWireMessage } from './wire-message.ts';

export interface RabbitMqBrokerOptions {
  /** `amqp://user:password@host:port/vhost` or `amqps://…`. */
  url: string;
  /** The wait before attempts 1, 2, …; after the last the message becomes a dead letter. */
  retryDelaysMs: readonly number[];
  logger: BrokerLogger;
  metrics?: MetricsFactory | undefined;
  /** Default: the platform's topology. */
  queues?: readonly QueueTopology[] | undefined;
  /** Put before the name of the exchange and of every queue: tests share a broker. */
  prefix?: string | undefined;
  /** Shown in the broker's list of connections. */
  connectionName?: string | undefined;
  random?: (() => number) | undefined;
}

/** A close waits so long for unconfirmed messages, then gives up on them. */
const CLOSE_PUBLISHER_TIMEOUT_MS = 2_000;

/**
 * A broker over RabbitMQ (3.10 and newer). It starts at once, declares the whole topology at every connect, and
 * reconnects for ever. Publishing and consuming have a connection each, because an alarm of the broker stops reading
 * from whoever publishes, and acknowledgements must pass even then.
 */
export function createRabbitMqBroker(options: RabbitMqBrokerOptions): Broker {
  const { queues = QUEUES, prefix = '', retryDelaysMs } = options;
  const context: ConnectionContext = {
    url: options.url,
    connectionName: options.connectionName ?? 'souk',
    logger: options.logger,
    retryDelaysMs,
    topology: createTopology({ queues, prefix, retryDelaysMs }),
    metrics: createBrokerMetrics(options.metrics),
    random: options.random ?? Math.random,
  };
  const readyListeners = new Set<() => void>();
  const publishSide = startPublishSide(context, () => {
    for (const listener of readyListeners) listener();
  });
  const consumeSide = createConsumeSide(context, publishSide.publisher.send);
  const { topology } = context;

  return {
    publish(messages, { timeoutMs = PUBLISH_TIMEOUT_MS_DEFAULT } = {}) {
      const wire = messages.map((message) =>
        toWireMessage(message, { exchange: topology.exchange, routingKey: message.type }),
      );
      return publishSide.publisher.send(wire, timeoutMs);
    },
    sendToQueue(queue, messages, { timeoutMs = PUBLISH_TIMEOUT_MS_DEFAULT } = {}) {
      const target = { exchange: '', routingKey: prefix + queue };
      const wire = messages.map((message) => toWireMessage({ ...message, mandatory: true }, target));
      return publishSide.publisher.send(wire, timeoutMs);
    },
    consume: consumeSide.consume,
    isReady: publishSide.publisher.isOpen,
    onReady(listener) {
      readyListeners.add(listener);
      return () => readyListeners.delete(listener);
    },
    async close() {
      await consumeSide.stopConsumptions();
      await publishSide.publisher.drain(CLOSE_PUBLISHER_TIMEOUT_MS);
      await Promise.all([consumeSide.close(), publishSide.connection.close()]);
      readyListeners.clear();
    },
  };
}

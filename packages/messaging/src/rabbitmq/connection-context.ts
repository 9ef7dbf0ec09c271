import type { ChannelModel } from 'amqplib';
import type { BrokerMetrics } from '../broker-metrics.ts';
import type { BrokerLogger } from '../log.ts';
import { type SupervisedConnection, superviseConnection } from './supervised-connection.ts';
import type { Topology } from './topology.ts';

/** What the publishing and the consuming connection share. */
export interface ConnectionContext {
  url: string;
  connectionName: string;
  topology: Topology;
  retryDelaysMs: readonly number[];
  logger: BrokerLogger;
  metrics: BrokerMetrics;
  random: () => number;
}

interface Side {
  name: 'publish' | 'consume';
  setUp: (model: ChannelModel) => Promise<void>;
  tearDown: () => void;
  onStateChange?: (connected: boolean) => void;
}

export function supervise(context: ConnectionContext, side: Side): SupervisedConnection {
  const { metrics } = context;
  metrics.connection(side.name, false);
  return superviseConnection({
    url: context.url,
    name: side.name,
    connectionName: `${context.connectionName} ${side.name}`,
    logger: context.logger,
    random: context.random,
    setUp: side.setUp,
    tearDown: side.tearDown,
    onStateChange(connected) {
      metrics.connection(side.name, connected);
      side.onStateChange?.(connected);
    },
  });
}

import type { ChannelModel } from 'amqplib';
import { type ConnectionContext, supervise } from './connection-context.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import type { SupervisedConnection } from './supervised-connection.ts';
import { declareTopology } from './topology.ts';

/** A return storm declares the topology once in so many milliseconds, not once a message. */
const REDECLARE_INTERVAL_MS = 1_000;

export interface PublishSide {
  publisher: Publisher;
  connection: SupervisedConnection;
}

/** The connection that publishes; `onReady` is called each time a publish could succeed again. */
export function startPublishSide(context: ConnectionContext, onReady: () => void): PublishSide {
  const { topology, metrics, logger } = context;
  let model: ChannelModel | undefined;
  let redeclaredAt = 0;

  const publisher = createPublisher({
    logger,
    metrics,
    onChannelLost: (reason) => connection.rebuild(reason),
    onReturned: () => void redeclare(),
  });

  async function redeclare(): Promise<void> {
    if (model === undefined || Date.now() - redeclaredAt < REDECLARE_INTERVAL_MS) return;
    redeclaredAt = Date.now();
    logger.warn({}, 'The broker returned a message: a queue or a binding is gone; declaring the topology again');
    try {
      await declareTopology(model, topology, logger);
    } catch (error) {
      logger.warn({ error }, 'The topology could not be declared again');
    }
  }

  function block(isBlocked: boolean, reason?: string): void {
    metrics.blocked(isBlocked);
    publisher.block(isBlocked);
    if (isBlocked) logger.warn({ reason }, 'The broker blocks publishing: an alarm of its memory or disk');
    else if (publisher.isOpen()) onReady();
  }

  async function setUp(current: ChannelModel): Promise<void> {
    if (model !== current) {
      model = current;
      block(false);
      current.on('blocked', (reason) => block(true, reason));
      current.on('unblocked', () => block(false));
    }
    await declareTopology(current, topology, logger);
    await publisher.attach(current);
  }

  const connection = supervise(context, {
    name: 'publish',
    setUp,
    tearDown: publisher.detach,
    onStateChange(connected) {
      if (connected && publisher.isOpen()) onReady();
    },
  });
  return { publisher, connection };
}

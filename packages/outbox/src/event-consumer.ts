import { type CloudEvent, type EventType, queueNameOf, type SoukEvent } from '@souk/contracts';
import type { Broker, Consumption, Delivery } from '@souk/messaging';
import type { Logger, Metrics, Pool, PoolClient, Worker } from '@souk/service-runtime';
import { type EventReceiver, receiveBatch } from './event-receiver.ts';
import { type Consumer, createInbox } from './inbox.ts';
import { createInboxMetrics } from './inbox-metrics.ts';
import { createSuspension } from './suspension.ts';

/**
 * What a service does on each type. Called inside the transaction that also notes the messages' ids, with a run of events
 * of that type, in the order of arrival, none of which was handled before. A throw undoes everything.
 */
export type EventHandlers = { [T in EventType]?: (tx: PoolClient, events: CloudEvent<T>[]) => Promise<void> };

export interface EventConsumerOptions {
  /** The consuming service: names its queue and its rows in the inbox. */
  service: string;
  pool: Pool;
  broker: Broker;
  logger: Logger;
  metrics: Metrics;
  /** Woken after each commit, because handlers write to the outbox. */
  relay?: { wake(): void } | undefined;
  /** Most unsettled deliveries. Default three batches. */
  prefetch?: number;
  /** Most messages in one transaction. Default 20. */
  batchMax?: number;
  handlers: EventHandlers;
  /**
   * Called instead of the handlers, once, with all new events of a batch in the order of arrival: for an effect that must
   * lock the rows of the whole batch in one sequence. The keys of `handlers` still say which types are understood.
   */
  onNewEvents?: ((tx: PoolClient, events: SoukEvent[]) => Promise<void>) | undefined;
  /** Events known already that are sent again by a sweep: the service repeats its own last event of that aggregate. */
  onRedrive?: ((tx: PoolClient, events: SoukEvent[]) => Promise<void>) | undefined;
}

const BATCH_MAX_DEFAULT = 20;

/**
 * The idempotent receiver of one service: effect and inbox row commit in one transaction per batch. When a batch fails its
 * messages are tried one by one, so that only the one at fault climbs the retries. When the database fails, nothing is at
 * fault: the messages go back uncounted and the consumption pauses until the database answers.
 */
export function createEventConsumer(options: EventConsumerOptions): Worker {
  const { broker, handlers, logger, pool, service } = options;
  const { batchMax = BATCH_MAX_DEFAULT, prefetch = batchMax * 3 } = options;
  const metrics = createInboxMetrics(options.metrics, service);
  const suspension = createSuspension({ service, probe: () => pool.query('SELECT 1'), logger, metrics });
  let consumption: Consumption | undefined;
  const receiver: EventReceiver = {
    service,
    handlers,
    pool,
    inbox: createInbox(options as Consumer),
    suspension,
    consumption: () => consumption,
    onCommit: () => options.relay?.wake(),
    logger,
    metrics,
  };
  const onBatch = (deliveries: Delivery[]) => receiveBatch(receiver, deliveries);
  return {
    name: `${service}-event-consumer`,
    async start() {
      consumption = await broker.consume({ queue: queueNameOf(service), prefetch, batchMax, onBatch });
    },
    async stop() {
      suspension.stop();
      await consumption?.stop();
    },
  };
}

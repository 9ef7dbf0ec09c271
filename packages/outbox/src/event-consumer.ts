import { type CloudEvent, type EventType, queueNameOf, type SoukEvent } from '@souk/contracts';
import type { Broker, Consumption, Delivery } from '@souk/messaging';
import {
  classifyDatabaseError,
  type Logger,
  type Metrics,
  type Pool,
  type PoolClient,
  transaction,
  type Worker,
  withConsumerSpans,
} from '@souk/service-runtime';
import { type Consumer, createInbox, type InboxResult } from './inbox.ts';
import { createInboxMetrics } from './inbox-metrics.ts';
import { type ReceivedEvent, readDelivery } from './received-event.ts';
import { createSuspension } from './suspension.ts';
import { reasonOf, UnprocessableEventError } from './unprocessable-event-error.ts';

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
  const { broker, logger, pool, service } = options;
  const { batchMax = BATCH_MAX_DEFAULT, prefetch = batchMax * 3 } = options;
  const metrics = createInboxMetrics(options.metrics, service);
  const inbox = createInbox(options as Consumer);
  const suspension = createSuspension({ service, probe: () => pool.query('SELECT 1'), logger, metrics });
  let consumption: Consumption | undefined;

  async function onBatch(deliveries: Delivery[]): Promise<void> {
    const endTimer = metrics.duration.startTimer();
    const received: ReceivedEvent[] = [];
    for (const delivery of deliveries) {
      const read = readDelivery(delivery, options.handlers);
      if (read.ok) received.push(read.received);
      else await deadLetter(delivery, read.reason);
    }
    if (received.length > 0) await handle(received);
    endTimer();
  }

  async function handle(received: ReceivedEvent[]): Promise<void> {
    try {
      const result = await commit(received);
      suspension.succeeded();
      for (const { delivery, event } of received) {
        delivery.ack();
        metrics.consumed(event, 'handled');
      }
      metrics.duplicates(result.duplicates);
      options.relay?.wake();
    } catch (error) {
      await recover(received, error);
    }
  }

  function commit(received: ReceivedEvent[]): Promise<InboxResult> {
    return withConsumerSpans(
      received.map(({ event }) => ({
        name: `process ${event.type}`,
        subject: event.subject,
        traceparent: event.traceparent,
        attributes: {
          'messaging.system': 'souk',
          'messaging.destination.name': queueNameOf(service),
          'messaging.message.id': event.id,
        },
      })),
      () =>
        transaction(pool, (tx) =>
          inbox.receive(
            tx,
            received.map(({ event }) => event),
          ),
        ),
    );
  }

  async function recover(received: ReceivedEvent[], error: unknown): Promise<void> {
    if (await isDependencyDown(error)) {
      // Paused first, so that what is given back does not come straight here again.
      await suspension.suspend(consumption, error);
      for (const { delivery } of received) delivery.release();
      return;
    }
    const [first] = received;
    if (received.length > 1 || first === undefined) {
      for (const one of received) {
        // The database may go away in the middle of the batch.
        if (suspension.isSuspended()) one.delivery.release();
        else await handle([one]);
      }
      return;
    }
    const reason = reasonOf(error);
    if (error instanceof UnprocessableEventError) return await deadLetter(first.delivery, reason);
    logger.warn(
      { error, messageId: first.event.id, type: first.event.type, attempt: first.delivery.attempt },
      'Event failed and will be retried',
    );
    metrics.consumed(first.event, 'failed');
    await first.delivery.retry(reason);
  }

  /** A statement or lock that took too long while the database answers others is the message's own fault. */
  async function isDependencyDown(error: unknown): Promise<boolean> {
    const { kind, timeout } = classifyDatabaseError(error);
    if (kind !== 'transient') return false;
    return timeout === undefined || !(await suspension.isHealthy());
  }

  async function deadLetter(delivery: Delivery, reason: string): Promise<void> {
    logger.error({ messageId: delivery.id, type: delivery.type, reason }, 'Message became a dead letter');
    metrics.deadLettered();
    await delivery.deadLetter(reason);
  }

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

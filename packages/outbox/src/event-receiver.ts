import { queueNameOf } from '@souk/contracts';
import type { Consumption, Delivery } from '@souk/messaging';
import { classifyDatabaseError, type Logger, type Pool, transaction, withConsumerSpans } from '@souk/service-runtime';
import type { EventHandlers } from './event-consumer.ts';
import type { Inbox, InboxResult } from './inbox.ts';
import type { InboxMetrics } from './inbox-metrics.ts';
import { type ReceivedEvent, readDelivery } from './received-event.ts';
import type { Suspension } from './suspension.ts';
import { reasonOf, UnprocessableEventError } from './unprocessable-event-error.ts';

/** Everything that receiving a batch takes. */
export interface EventReceiver {
  service: string;
  handlers: EventHandlers;
  pool: Pool;
  inbox: Inbox;
  suspension: Suspension;
  /** Undefined until the broker has answered. */
  consumption: () => Consumption | undefined;
  /** After each commit. */
  onCommit: () => void;
  logger: Logger;
  metrics: InboxMetrics;
}

/** Settles every delivery of a batch. */
export async function receiveBatch(receiver: EventReceiver, deliveries: readonly Delivery[]): Promise<void> {
  const endTimer = receiver.metrics.duration.startTimer();
  const received: ReceivedEvent[] = [];
  for (const delivery of deliveries) {
    const read = readDelivery(delivery, receiver.handlers);
    if (read.ok) received.push(read.received);
    else await deadLetter(receiver, delivery, read.reason);
  }
  if (received.length > 0) await handle(receiver, received);
  endTimer();
}

async function handle(receiver: EventReceiver, received: readonly ReceivedEvent[]): Promise<void> {
  const { metrics } = receiver;
  try {
    const { duplicates } = await commit(receiver, received);
    receiver.suspension.succeeded();
    for (const { delivery, event } of received) {
      delivery.ack();
      metrics.consumed(event, 'handled');
    }
    metrics.duplicates(duplicates);
    receiver.onCommit();
  } catch (error) {
    await recover(receiver, received, error);
  }
}

function commit({ inbox, pool, service }: EventReceiver, received: readonly ReceivedEvent[]): Promise<InboxResult> {
  const events = received.map(({ event }) => event);
  const spans = events.map((event) => ({
    name: `process ${event.type}`,
    subject: event.subject,
    traceparent: event.traceparent,
    attributes: {
      'messaging.system': 'souk',
      'messaging.destination.name': queueNameOf(service),
      'messaging.message.id': event.id,
    },
  }));
  return withConsumerSpans(spans, () => transaction(pool, (tx) => inbox.receive(tx, events)));
}

async function recover(receiver: EventReceiver, received: readonly ReceivedEvent[], error: unknown): Promise<void> {
  const { suspension } = receiver;
  if (await isDependencyDown(suspension, error)) {
    // Paused first, so that what is given back does not come straight here again.
    await suspension.suspend(receiver.consumption(), error);
    for (const { delivery } of received) delivery.release();
    return;
  }
  const [only, ...others] = received;
  if (only !== undefined && others.length === 0) return await giveBack(receiver, only, error);
  for (const one of received) {
    // The database may go away in the middle of the batch.
    if (suspension.isSuspended()) one.delivery.release();
    else await handle(receiver, [one]);
  }
}

/** A statement or lock that took too long while the database answers others is the message's own fault. */
async function isDependencyDown(suspension: Suspension, error: unknown): Promise<boolean> {
  const { kind, timeout } = classifyDatabaseError(error);
  if (kind !== 'transient') return false;
  return timeout === undefined || !(await suspension.isHealthy());
}

async function giveBack(receiver: EventReceiver, { delivery, event }: ReceivedEvent, error: unknown): Promise<void> {
  const reason = reasonOf(error);
  if (error instanceof UnprocessableEventError) return await deadLetter(receiver, delivery, reason);
  const { attempt } = delivery;
  receiver.logger.warn({ error, messageId: event.id, type: event.type, attempt }, 'Event failed and will be retried');
  receiver.metrics.consumed(event, 'failed');
  await delivery.retry(reason);
}

async function deadLetter({ logger, metrics }: EventReceiver, delivery: Delivery, reason: string): Promise<void> {
  logger.error({ messageId: delivery.id, type: delivery.type, reason }, 'Message became a dead letter');
  metrics.deadLettered();
  await delivery.deadLetter(reason);
}

import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type CloudEvent, createEvent, type EventType } from '@souk/contracts';
import type { Broker, OutgoingMessage, PublishOutcome } from '@souk/messaging';
import { createMetrics, type Metrics, newId } from '@souk/service-runtime';

const sql = readFileSync(new URL('../tables.sql', import.meta.url), 'utf8');

/** The canonical tables, and one that counts the effects of handlers. */
export const migrations = [
  { name: '20260101000000_create_messages', sql, checksum: checksumOf(sql) },
  migrationOf(
    '20260101000001_create_effects',
    'CREATE TABLE effects (message_id uuid NOT NULL, aggregate_id uuid, sequence integer)',
  ),
];

function migrationOf(name: string, text: string) {
  return { name, sql: text, checksum: checksumOf(text) };
}

function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function testMetrics(): Metrics {
  return createMetrics({ service: 'test-service', processMetrics: false });
}

export async function metricValue(metrics: Metrics, name: string): Promise<number> {
  const metric = await metrics.registry.getSingleMetric(name)?.get();
  return (metric?.values ?? []).reduce((sum, { value }) => sum + value, 0);
}

/** An event that notification-service consumes. */
export function aShippedOrder(
  overrides: { orderId?: string; sequence?: number; name?: string } = {},
): CloudEvent<'order.shipped'> {
  const orderId = overrides.orderId ?? randomUUID();
  return createEvent({
    id: newId(),
    type: 'order.shipped',
    subject: orderId,
    time: new Date(),
    sequence: overrides.sequence,
    data: {
      orderId,
      userId: randomUUID(),
      email: 'buyer@example.com',
      name: overrides.name ?? 'Ada',
      carrier: 'DHL',
      trackingNumber: 'T1',
    },
  });
}

export function aMessage(event: CloudEvent<EventType>, body: unknown = event): OutgoingMessage {
  return { id: event.id, type: event.type, body: Buffer.from(JSON.stringify(body)), mandatory: true };
}

export interface RecordingBroker extends Broker {
  published: OutgoingMessage[];
  /** What the next publications answer. */
  outcomeOf: (message: OutgoingMessage) => PublishOutcome | Promise<PublishOutcome>;
  ready: boolean;
}

/** A broker that remembers what it was given: the relay's other side in tests about the table. */
export function recordingBroker(): RecordingBroker {
  const broker: RecordingBroker = {
    published: [],
    outcomeOf: () => 'confirmed',
    ready: true,
    async publish(messages) {
      broker.published.push(...messages);
      return await Promise.all(messages.map((message) => broker.outcomeOf(message)));
    },
    sendToQueue: (_queue, messages) => broker.publish(messages),
    consume: async () => ({ pause: async () => {}, resume: async () => {}, stop: async () => {} }),
    isReady: () => broker.ready,
    onReady: () => () => {},
    close: async () => {},
  };
  return broker;
}

import type { CloudEvent } from '@souk/contracts';
import { QUEUES } from '@souk/contracts';
import { type Broker, createInProcessBroker, type Delivery } from '@souk/messaging';
import {
  createTestDatabase,
  silentLogger,
  startTestService,
  type TestDatabase,
  type TestService,
  waitFor,
} from '@souk/testing';
import { notificationService } from '../src/app.ts';
import type { Config } from '../src/config.ts';
import { migrations } from '../src/generated/migrations.ts';

export interface DeliverySeen {
  id: string;
  event_id: string;
  template: string;
  channel: string;
  recipient: string;
  status: string;
  content: string;
  attempts: number;
  last_error: string | null;
}

/** notification-service on a database and a broker of its own, and what a test wants to see of it. */
export interface Harness {
  database: TestDatabase;
  service: TestService<Config>;
  publish(...events: CloudEvent[]): Promise<void>;
  deliveries(eventId: string): Promise<DeliverySeen[]>;
  untilEnded(eventId: string): Promise<DeliverySeen[]>;
  /** What this service published. */
  published(orderId: string): Promise<CloudEvent<'notification.sent'>[]>;
  stop(): Promise<void>;
}

export async function startHarness(env: Record<string, string>): Promise<Harness> {
  const database = await createTestDatabase(migrations);
  const broker = createInProcessBroker({ retryDelaysMs: [0, 20, 40, 80, 160] });
  await takeEverythingElse(broker);
  const service = await startTestService(notificationService, {
    database,
    broker,
    logger: silentLogger(),
    env: { NOTIFICATION_POLL_INTERVAL_MS: '50', NOTIFICATION_LEASE_MS: '5000', ...env },
  });
  const deliveries = async (eventId: string) => {
    const { rows } = await database.pool.query<DeliverySeen>(
      'SELECT * FROM deliveries WHERE event_id = $1 ORDER BY channel',
      [eventId],
    );
    return rows;
  };
  return {
    database,
    service,
    deliveries,
    publish: async (...events) => {
      await broker.publish(
        events.map((event) => ({
          id: event.id,
          type: event.type,
          body: Buffer.from(JSON.stringify(event)),
          mandatory: true,
        })),
      );
    },
    untilEnded: (eventId) =>
      waitFor(
        async () => {
          const rows = await deliveries(eventId);
          return rows.length > 0 && rows.every(({ status }) => status !== 'pending') ? rows : undefined;
        },
        { timeoutMs: 20_000, what: `the end of the deliveries of event ${eventId}` },
      ),
    published: async (orderId) => {
      const { rows } = await database.pool.query<{ body: string }>(
        'SELECT body FROM outbox WHERE aggregate_id = $1 ORDER BY position',
        [orderId],
      );
      return rows.map((row) => JSON.parse(row.body) as CloudEvent<'notification.sent'>);
    },
    stop: async () => {
      await service.stop();
      await broker.close();
      await database.drop();
    },
  };
}

/** The other services, who acknowledge whatever they hear. */
async function takeEverythingElse(broker: Broker): Promise<void> {
  for (const { service, queue } of QUEUES) {
    if (service === 'notification-service') continue;
    const onBatch = async (batch: Delivery[]) => {
      for (const delivery of batch) delivery.ack();
    };
    await broker.consume({ queue, prefetch: 100, batchMax: 100, onBatch });
  }
}

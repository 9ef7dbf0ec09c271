import { type CloudEvent, createEvent, type EventData, type EventType, QUEUES } from '@souk/contracts';
import { type Broker, createInProcessBroker, type Delivery } from '@souk/messaging';
import { newId } from '@souk/service-runtime';
import { createTestDatabase, startTestService, type TestDatabase, type TestService, waitFor } from '@souk/testing';
import { paymentService } from '../src/app.ts';
import type { Config } from '../src/config.ts';
import { migrations } from '../src/generated/migrations.ts';

export interface PaymentRowSeen {
  id: string;
  status: string;
  failure_code: string | null;
  captured: string;
  refunded: string;
  refund_reserved: string;
  cancelled: boolean;
  attempts: number;
  email: string | null;
  payment_method: string | null;
}

export interface LedgerRowSeen {
  kind: string;
  amount: string;
  idempotency_key: string;
}

/** payment-service on a database and a broker of its own, and what a test wants to see of it. */
export interface Harness {
  database: TestDatabase;
  broker: Broker;
  service: TestService<Config>;
  publish(...events: CloudEvent[]): Promise<void>;
  payment(orderId: string): Promise<PaymentRowSeen | undefined>;
  untilStatus(orderId: string, status: string): Promise<PaymentRowSeen>;
  published(orderId: string): Promise<CloudEvent<'payment.completed'>[]>;
  ledger(orderId: string): Promise<LedgerRowSeen[]>;
  /** A second process on the same database. */
  startAnother(env?: Record<string, string>): Promise<TestService<Config>>;
  stop(): Promise<void>;
}

export async function startHarness(env: Record<string, string> = {}): Promise<Harness> {
  const database = await createTestDatabase(migrations);
  const broker = createInProcessBroker({ retryDelaysMs: [0, 20, 40, 80, 160] });
  await takeEverythingElse(broker);
  const start = (more: Record<string, string> = {}) =>
    startTestService(paymentService, { database, broker, env: { PAYMENT_POLL_INTERVAL_MS: '50', ...env, ...more } });
  const service = await start();
  const others: TestService<Config>[] = [];
  const payment = async (orderId: string) => {
    const { rows } = await database.pool.query<PaymentRowSeen>('SELECT * FROM payments WHERE order_id = $1', [orderId]);
    return rows[0];
  };
  return {
    database,
    broker,
    service,
    payment,
    publish: async (...events) => {
      await broker.publish(events.map(toMessage));
    },
    untilStatus: (orderId, status) =>
      waitFor(
        async () => {
          const row = await payment(orderId);
          return row?.status === status ? row : undefined;
        },
        { timeoutMs: 20_000, what: `${status} for order ${orderId}` },
      ),
    published: async (orderId) => {
      const { rows } = await database.pool.query<{ body: string }>(
        'SELECT body FROM outbox WHERE aggregate_id = $1 ORDER BY position',
        [orderId],
      );
      return rows.map((row) => JSON.parse(row.body) as CloudEvent<'payment.completed'>);
    },
    ledger: async (orderId) => {
      const { rows } = await database.pool.query<LedgerRowSeen>(
        `SELECT kind, amount, idempotency_key FROM sandbox_ledger WHERE order_id = $1 AND outcome = 'succeeded' ORDER BY at`,
        [orderId],
      );
      return rows;
    },
    startAnother: async (more) => {
      const another = await start(more);
      others.push(another);
      return another;
    },
    stop: async () => {
      for (const each of [...others, service]) await each.stop();
      await broker.close();
      await database.drop();
    },
  };
}

/** The other services, who acknowledge whatever they hear. */
async function takeEverythingElse(broker: Broker): Promise<void> {
  for (const { service, queue } of QUEUES) {
    if (service === 'payment-service') continue;
    const onBatch = async (batch: Delivery[]) => {
      for (const delivery of batch) delivery.ack();
    };
    await broker.consume({ queue, prefetch: 100, batchMax: 100, onBatch });
  }
}

export function toMessage(event: CloudEvent) {
  return { id: event.id, type: event.type, body: Buffer.from(JSON.stringify(event)), mandatory: true };
}

export function anOrder(overrides: Partial<EventData<'order.created'>> = {}): EventData<'order.created'> {
  const total = overrides.total ?? { amount: 3998, currency: 'EUR' };
  return {
    orderId: newId(),
    userId: newId(),
    email: 'ada@souk.example',
    name: 'Ada Lovelace',
    phone: '+49 30 1234567',
    items: [
      {
        productId: newId(),
        sku: 'LAMP-1',
        name: 'Lamp',
        quantity: 2,
        unitPrice: { amount: 1999, currency: 'EUR' },
        lineTotal: total,
      },
    ],
    total,
    paymentMethod: 'tok_ok',
    reservationExpiresAt: new Date(Date.now() + 900_000).toISOString(),
    ...overrides,
  };
}

function event<T extends EventType>(type: T, subject: string, data: EventData<T>, sequence = 1): CloudEvent<T> {
  return createEvent({ id: newId(), type, subject, time: new Date(), sequence, data });
}

export function created(order: EventData<'order.created'>): CloudEvent<'order.created'> {
  return event('order.created', order.orderId, order);
}

export function cancelled(order: EventData<'order.created'>, reason = 'customer'): CloudEvent<'order.cancelled'> {
  const { paymentMethod: _method, reservationExpiresAt: _expiry, ...rest } = order;
  return event('order.cancelled', order.orderId, { ...rest, reason }, 2);
}

export function userDeleted(userId: string): CloudEvent<'user.deleted'> {
  return event('user.deleted', userId, { userId });
}

export function redriven<T extends EventType>(original: CloudEvent<T>): CloudEvent<T> {
  return { ...original, redrive: '1' };
}

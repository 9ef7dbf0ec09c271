import {
  type CloudEvent,
  createEvent,
  type EventData,
  type EventType,
  queueNameOf,
  type SoukEvent,
} from '@souk/contracts';
import { createInProcessBroker } from '@souk/messaging';
import { createEventConsumer } from '@souk/outbox';
import { createMetrics, newId, type Pool, transaction } from '@souk/service-runtime';
import { createTestDatabase, silentLogger, type TestDatabase } from '@souk/testing';
import { migrations } from '../src/generated/migrations.ts';
import type { Order, PendingOrder } from '../src/orders/order.ts';
import { createOrderConsumption } from '../src/orders/order-consumers.ts';
import type { OrderDependencies } from '../src/orders/order-dependencies.ts';
import { toOrderCreated } from '../src/orders/order-events.ts';
import { createOrderMetrics } from '../src/orders/order-metrics.ts';
import { orderRepository } from '../src/orders/order-repository.ts';
import { scheduleNew } from '../src/orders/saga-schedule.ts';
import type { StockClient } from '../src/orders/stock-client.ts';
import { toChangeEntry } from '../src/orders/timeline.ts';
import { anOrder } from './builders.ts';

/** The use cases on a database of their own, with the consumer on a broker in process; no HTTP. */
export interface OrderWorld {
  database: TestDatabase;
  pool: Pool;
  deps: OrderDependencies;
  /** Writes a placed order as POST /orders does. */
  place(overrides?: Parameters<typeof anOrder>[0]): Promise<PendingOrder>;
  find(orderId: string): Promise<Order>;
  /** Resolves once this service has taken them. */
  publish(events: readonly CloudEvent[]): Promise<void>;
  /** Runs the consumer's effect alone, in a transaction, so that a test sees what it throws. */
  handle(events: readonly CloudEvent[]): Promise<void>;
  rows<T>(sql: string, values?: unknown[]): Promise<T[]>;
  stop(): Promise<void>;
}

export const anUnusedStockClient: StockClient = {
  reserve: () => Promise.reject(new TypeError('no stock in this test')),
  release: () => Promise.reject(new TypeError('no stock in this test')),
  settle: () => Promise.reject(new TypeError('no stock in this test')),
};

export async function startOrderWorld(overrides: Partial<OrderDependencies> = {}): Promise<OrderWorld> {
  const database = await createTestDatabase(migrations);
  const { pool } = database;
  const logger = silentLogger();
  const metrics = createMetrics({ service: 'order-service', processMetrics: false });
  const deps: OrderDependencies = {
    pool,
    clock: { now: () => new Date() },
    newId,
    logger,
    metrics: createOrderMetrics(metrics),
    stock: anUnusedStockClient,
    timings: { sagaRedriveAfterMs: 2_000, stockSettleDelayMs: 0 },
    committed: () => {},
    stockIsDue: () => {},
    ...overrides,
  };
  const broker = createInProcessBroker({ retryDelaysMs: [0, 5, 5], logger });
  const consumption = createOrderConsumption(deps);
  const consumer = createEventConsumer({
    ...{ service: 'order-service', pool, broker, logger, metrics },
    ...consumption,
  });
  await consumer.start();
  return {
    database,
    pool,
    deps,
    place: (given) => placeOrder(deps, given),
    find: async (orderId) => {
      const order = await orderRepository.find(pool, orderId);
      if (!order) throw new TypeError(`no order ${orderId}`);
      return order;
    },
    publish: async (events) => {
      await broker.sendToQueue(
        queueNameOf('order-service'),
        events.map((event) => ({
          id: event.id,
          type: event.type,
          body: Buffer.from(JSON.stringify(event)),
          mandatory: true,
        })),
      );
    },
    handle: (events) => transaction(pool, (tx) => consumption.onNewEvents(tx, [...events] as SoukEvent[])),
    rows: async <T>(sql: string, values: unknown[] = []) => (await pool.query(sql, values)).rows as T[],
    stop: async () => {
      await consumer.stop();
      await broker.close();
      await database.drop();
    },
  };
}

async function placeOrder(
  deps: OrderDependencies,
  overrides: Parameters<typeof anOrder>[0] = {},
): Promise<PendingOrder> {
  const now = deps.clock.now();
  const reservationExpiresAt = new Date(now.getTime() + 900_000);
  const order = anOrder({ id: newId(), placedAt: now, reservationExpiresAt, ...overrides });
  const keyId = newId();
  await deps.pool.query(
    `INSERT INTO idempotency_keys (id, user_id, method, path, key, fingerprint, resource_id, locked_until)
     VALUES ($1, $2, 'POST', '/api/v1/orders', 'key of ' || $1::uuid, '', $3, now())`,
    [keyId, order.userId, order.id],
  );
  const message = toOrderCreated(order, { id: newId(), at: now });
  await orderRepository.insert(deps.pool, {
    record: { order, timelineSequence: 1, ...scheduleNew(order, deps.timings) },
    change: { order, message },
    entry: { ...toChangeEntry(order, message), sequence: 1 },
    key: { id: keyId, status: 201, body: '{}', headers: {} },
  });
  return order;
}

export function anEvent<T extends EventType>(
  type: T,
  subject: string,
  data: EventData<T>,
  sequence?: number,
): CloudEvent {
  return createEvent({ id: newId(), type, subject, time: new Date(), sequence, data }) as CloudEvent;
}

/** What payment-service tells of an order's payment. */
export function aPaymentEvent(
  order: Order,
  status: 'captured' | 'failed' | 'voided' | 'refunded' | 'partially_refunded',
  sequence: number,
): CloudEvent {
  const type = (
    {
      captured: 'completed',
      failed: 'failed',
      voided: 'voided',
      refunded: 'refunded',
      partially_refunded: 'refunded',
    } as const
  )[status];
  const isCapture = status !== 'failed' && status !== 'voided';
  const none = { amount: 0, currency: order.total.currency };
  return anEvent(
    `payment.${type}`,
    order.id,
    {
      orderId: order.id,
      userId: order.userId,
      email: order.email,
      name: order.shippingAddress.name,
      paymentId: newId(),
      status,
      amount: order.total,
      captured: isCapture ? order.total : none,
      refunded: status === 'refunded' ? order.total : none,
    },
    sequence,
  );
}

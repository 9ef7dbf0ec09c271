import { randomUUID } from 'node:crypto';
import { DATABASE_NAMES, type DatabaseName, type DatabaseUrls } from '@souk/operations';
import { createTestDatabase, type TestDatabase } from '@souk/testing';
import { notificationService } from 'notification-service';
import { orderService } from 'order-service';
import { paymentService } from 'payment-service';
import { productService } from 'product-service';
import { userService } from 'user-service';

const DEFINITIONS = {
  users: userService,
  products: productService,
  orders: orderService,
  payments: paymentService,
  notifications: notificationService,
} as const;

const PRICE = 500;
const QUANTITY = 2;
const TOTAL = PRICE * QUANTITY;
const STOCK = 100;
// A minute ago: past the patience of the tests, within that of a shop that runs.
const BEFORE = `now() - interval '1 minute'`;

interface WrittenOrder {
  id: string;
  paymentId: string;
}

/** Five migrated databases with the books of a small shop in which everything adds up, written by hand. */
export class WrittenShop {
  readonly #databases: Record<DatabaseName, TestDatabase>;
  readonly productId = randomUUID();
  readonly userId = randomUUID();
  /** Bought, paid, confirmed. */
  completed: WrittenOrder = { id: '', paymentId: '' };
  /** The same, with a part of the money given back. */
  refunded: WrittenOrder = { id: '', paymentId: '' };
  /** Declined. */
  cancelled: WrittenOrder = { id: '', paymentId: '' };

  constructor(databases: Record<DatabaseName, TestDatabase>) {
    this.#databases = databases;
  }

  get urls(): DatabaseUrls {
    return Object.fromEntries(
      DATABASE_NAMES.map((name) => [name, this.#databases[name].ownerUrl]),
    ) as unknown as DatabaseUrls;
  }

  async run(database: DatabaseName, sql: string): Promise<void> {
    await this.#databases[database].ownerPool.query(sql);
  }

  connect(database: DatabaseName) {
    return this.#databases[database].ownerPool.connect();
  }

  async drop(): Promise<void> {
    for (const name of DATABASE_NAMES) await this.#databases[name].drop();
  }

  /** Empties all books and writes them again, so that a discrepancy of one test is none of the next. */
  async writeAgain(): Promise<void> {
    for (const name of DATABASE_NAMES) {
      await this.run(
        name,
        `DO $$ DECLARE t text; BEGIN
           FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('_prisma_migrations', 'catalog_state')
           LOOP EXECUTE format('TRUNCATE %I CASCADE', t); END LOOP; END $$`,
      );
    }
    await this.run(
      'products',
      `INSERT INTO products (id, sku, slug, name, name_key, description, price_amount, currency, generation, search_name, search, created_at, updated_at, deleted_at)
       VALUES ('${this.productId}', 'S', 's', 'Tea', 'tea', '', ${PRICE}, 'EUR', 1, 'tea', '', ${BEFORE}, ${BEFORE}, ${BEFORE});
       INSERT INTO inventory (product_id, on_hand, updated_at) VALUES ('${this.productId}', ${STOCK}, ${BEFORE});
       INSERT INTO inventory_movements (product_id, at, delta, reason, on_hand_after)
       VALUES ('${this.productId}', ${BEFORE}, ${STOCK}, 'initial stock', ${STOCK})`,
    );
    this.completed = await this.#completedOrder();
    this.refunded = await this.#completedOrder();
    await this.#giveBack(this.refunded, 100);
    this.cancelled = await this.#cancelledOrder();
  }

  async #completedOrder(): Promise<WrittenOrder> {
    const order = await this.#order({ status: 'completed', payment: 'captured', stock: 'committed' });
    await this.run(
      'products',
      `UPDATE inventory SET on_hand = on_hand - ${QUANTITY} WHERE product_id = '${this.productId}';
       INSERT INTO inventory_movements (product_id, at, delta, reason, order_id, on_hand_after)
       SELECT product_id, ${BEFORE}, -${QUANTITY}, 'sold', '${order.id}', on_hand FROM inventory WHERE product_id = '${this.productId}'`,
    );
    await this.run(
      'payments',
      `UPDATE payments SET captured = amount, refund_reserved = 0, provider_reference = 'x' WHERE id = '${order.paymentId}';
       INSERT INTO sandbox_ledger (id, order_id, kind, idempotency_key, fingerprint, outcome, amount, currency, at)
       VALUES ('${randomUUID()}', '${order.id}', 'charge', '${order.paymentId}', '', 'succeeded', ${TOTAL}, 'EUR', ${BEFORE})`,
    );
    return order;
  }

  #cancelledOrder(): Promise<WrittenOrder> {
    return this.#order({ status: 'cancelled', payment: 'failed', stock: 'released' });
  }

  async #giveBack(order: WrittenOrder, amount: number): Promise<void> {
    const id = randomUUID();
    await this.run(
      'payments',
      `UPDATE payments SET refunded = ${amount}, refund_reserved = ${amount}, status = 'partially_refunded' WHERE id = '${order.paymentId}';
       INSERT INTO refunds (id, payment_id, amount, reason, origin, status, provider_key, created_at, updated_at)
       VALUES ('${id}', '${order.paymentId}', ${amount}, '', 'admin', 'succeeded', '${id}', ${BEFORE}, ${BEFORE});
       INSERT INTO sandbox_ledger (id, order_id, kind, idempotency_key, fingerprint, outcome, amount, currency, at)
       VALUES ('${randomUUID()}', '${order.id}', 'refund', '${id}', '', 'succeeded', ${amount}, 'EUR', ${BEFORE})`,
    );
    await this.#version(order.id, {
      status: 'completed',
      payment: 'partially_refunded',
      version: 3,
      type: 'order.updated',
    });
    await this.run(
      'orders',
      `UPDATE orders SET payment_status = 'partially_refunded', version = 3, timeline_sequence = 3 WHERE id = '${order.id}'`,
    );
  }

  async #order({ status, payment, stock }: { status: string; payment: string; stock: string }): Promise<WrittenOrder> {
    const [id, paymentId] = [randomUUID(), randomUUID()];
    await this.run(
      'orders',
      `INSERT INTO orders (id, user_id, email, status, payment_status, fulfillment_status, total_amount, currency, shipping_address,
         payment_method, cancel_reason, reservation_expires_at, version, timeline_sequence, stock_outcome, created_at, updated_at)
       VALUES ('${id}', '${this.userId}', 'a@example.test', '${status}', '${payment}', 'unfulfilled', ${TOTAL}, 'EUR', '{}',
         'tok_ok', ${status === 'cancelled' ? `'payment-failed'` : 'NULL'}, ${BEFORE}, 2, 2, '${stock}', ${BEFORE}, ${BEFORE});
       INSERT INTO order_lines (order_id, position, product_id, sku, name, quantity, unit_price_amount, line_total_amount)
       VALUES ('${id}', 0, '${this.productId}', 'S', 'Tea', ${QUANTITY}, ${PRICE}, ${TOTAL});
       INSERT INTO idempotency_keys (id, user_id, method, path, key, fingerprint, resource_id, locked_until, response_status)
       VALUES ('${randomUUID()}', '${this.userId}', 'POST', '/api/v1/orders', '${id}', '', '${id}', now(), 201)`,
    );
    await this.#version(id, { status: 'pending', payment: 'awaiting', version: 1, type: 'order.created' });
    await this.#version(id, { status, payment, version: 2, type: `order.${status}` });
    await this.run(
      'products',
      `INSERT INTO reservations (order_id, status, expires_at, created_at, updated_at) VALUES ('${id}', '${stock}', ${BEFORE}, ${BEFORE}, ${BEFORE});
       INSERT INTO reservation_items (order_id, position, product_id, sku, name, quantity, unit_price_amount, currency)
       VALUES ('${id}', 0, '${this.productId}', 'S', 'Tea', ${QUANTITY}, ${PRICE}, 'EUR')`,
    );
    await this.run(
      'payments',
      `INSERT INTO payments (id, order_id, user_id, name, currency, amount, payment_method, status, failure_code, captured, refund_reserved, cancelled, first_tried_at, created_at, updated_at)
       VALUES ('${paymentId}', '${id}', '${this.userId}', '', 'EUR', ${TOTAL}, 'tok_ok', '${payment}', ${payment === 'failed' ? `'declined'` : 'NULL'},
         ${payment === 'captured' ? TOTAL : 0}, 0, ${status === 'cancelled'}, ${BEFORE}, ${BEFORE}, ${BEFORE})`,
    );
    return { id, paymentId };
  }

  async #version(
    orderId: string,
    { status, payment, version, type }: { status: string; payment: string; version: number; type: string },
  ): Promise<void> {
    const eventId = randomUUID();
    await this.run(
      'orders',
      `INSERT INTO order_history (order_id, version, event_id, type, status, payment_status, fulfillment_status, changed, at)
       VALUES ('${orderId}', ${version}, '${eventId}', '${type}', '${status}', '${payment}', 'unfulfilled', '{}', ${BEFORE});
       INSERT INTO outbox (id, aggregate_id, sequence, type, body, created_at, published_at)
       VALUES ('${eventId}', '${orderId}', ${version}, '${type}', '{}', ${BEFORE}, ${BEFORE})`,
    );
    const consumers = { 'order.created': ['payment'], 'order.updated': [] }[type] ?? [
      'product',
      'notification',
      ...(type === 'order.cancelled' ? ['payment'] : []),
    ];
    for (const name of consumers) {
      await this.run(
        `${name}s` as DatabaseName,
        `INSERT INTO inbox (consumer, message_id, type, received_at) VALUES ('${name}-service', '${eventId}', '${type}', ${BEFORE})`,
      );
    }
  }
}

export async function writeShop(): Promise<WrittenShop> {
  const entries: [DatabaseName, TestDatabase][] = [];
  for (const name of DATABASE_NAMES) entries.push([name, await createTestDatabase(DEFINITIONS[name].migrations ?? [])]);
  return new WrittenShop(Object.fromEntries(entries) as Record<DatabaseName, TestDatabase>);
}

import { randomUUID } from 'node:crypto';
import {
  CHECKS,
  DATABASE_NAMES,
  openShopDatabases,
  reconcile,
  runReconcile,
  type ShopDatabases,
} from '@souk/operations';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type WrittenShop, writeShop } from './written-shop.ts';

let shop: WrittenShop;
let databases: ShopDatabases;

beforeAll(async () => {
  shop = await writeShop();
  databases = openShopDatabases(shop.urls);
});
beforeEach(() => shop.writeAgain());
afterAll(async () => {
  await databases.close();
  await shop.drop();
});

// What the books say is a minute old, what a test plants as lost is older than this, and what it plants as new is younger.
const PATIENCE_MS = 20_000;

/** The names of the checks that found something. */
async function findings(): Promise<string[]> {
  const results = await reconcile({ databases, patienceMs: PATIENCE_MS, settleMs: 0 });
  return results.filter(({ discrepancies }) => discrepancies.length > 0).map(({ name }) => name);
}

async function within(database: (typeof DATABASE_NAMES)[number], constraint: string, sql: string): Promise<void> {
  const table = /(?:UPDATE|INTO) (\w+)/.exec(sql)?.[1];
  await shop.run(database, `ALTER TABLE ${table} DROP CONSTRAINT ${constraint}; ${sql}`);
}

const orphan = (status: string, expiresAt: string) =>
  `INSERT INTO reservations (order_id, status, expires_at, created_at, updated_at)
   VALUES ('${randomUUID()}', '${status}', ${expiresAt}, now() - interval '1 minute', now())`;

/** What is planted, and every check that has to notice. */
const PLANTS: [story: string, plant: () => Promise<void>, noticedBy: string[]][] = [
  [
    'more is reserved than there is',
    () => within('products', 'inventory_never_over_reserved', 'UPDATE inventory SET reserved = on_hand + 1'),
    ['stock-in-bounds', 'stock-reserved'],
  ],
  [
    'stock stays reserved by nobody',
    () => shop.run('products', 'UPDATE inventory SET reserved = 2'),
    ['stock-reserved'],
  ],
  ['a piece vanishes', () => shop.run('products', 'UPDATE inventory SET on_hand = on_hand - 1'), ['stock-conserved']],
  [
    'an order takes its stock twice',
    () =>
      shop.run(
        'products',
        `UPDATE inventory SET on_hand = on_hand - 2;
         INSERT INTO inventory_movements (product_id, at, delta, reason, order_id, on_hand_after)
         SELECT product_id, now(), -2, 'sold', '${shop.completed.id}', on_hand FROM inventory`,
      ),
    ['reservation-moved-once'],
  ],
  [
    'a reservation outlives its expiry and its order',
    () =>
      shop.run(
        'products',
        `UPDATE reservations SET status = 'active' WHERE order_id = '${shop.cancelled.id}'; UPDATE inventory SET reserved = 2`,
      ),
    ['reservation-ends', 'order-stock'],
  ],
  [
    'a completed order lost its reservation (oversold)',
    () =>
      shop.run(
        'products',
        `UPDATE reservations SET status = 'released' WHERE order_id = '${shop.completed.id}';
         UPDATE inventory SET on_hand = on_hand + 2; DELETE FROM inventory_movements WHERE order_id = '${shop.completed.id}'`,
      ),
    ['order-stock'],
  ],
  [
    'an order lost a line',
    () =>
      shop.run(
        'orders',
        `UPDATE order_lines SET quantity = 1, line_total_amount = 500 WHERE order_id = '${shop.completed.id}'`,
      ),
    ['order-total', 'order-stock'],
  ],
  [
    'an order rose from the dead',
    () =>
      shop.run(
        'orders',
        `UPDATE order_history SET status = 'cancelled' WHERE order_id = '${shop.refunded.id}' AND version = 2`,
      ),
    ['order-transitions'],
  ],
  [
    'a change was made past the history',
    () => shop.run('orders', `UPDATE orders SET payment_status = 'refunded' WHERE id = '${shop.completed.id}'`),
    ['order-versions', 'order-payment'],
  ],
  [
    'a version told nobody',
    () => shop.run('orders', `DELETE FROM outbox WHERE aggregate_id = '${shop.refunded.id}' AND sequence = 3`),
    ['order-events'],
  ],
  [
    'an event tells of a version that is not',
    () =>
      shop.run(
        'orders',
        `INSERT INTO outbox (id, aggregate_id, sequence, type, body, published_at)
         VALUES ('${randomUUID()}', '${shop.completed.id}', 3, 'order.updated', '{}', now())`,
      ),
    ['order-events'],
  ],
  [
    'an acknowledged order is gone',
    () =>
      shop.run(
        'orders',
        `DELETE FROM order_history WHERE order_id = '${shop.cancelled.id}'; DELETE FROM order_lines WHERE order_id = '${shop.cancelled.id}';
         DELETE FROM orders WHERE id = '${shop.cancelled.id}'`,
      ),
    ['order-acknowledged', 'order-events', 'payment-has-order'],
  ],
  [
    'an order is never decided',
    () =>
      shop.run(
        'orders',
        `UPDATE orders SET status = 'pending', payment_status = 'awaiting', stock_outcome = NULL WHERE id = '${shop.completed.id}'`,
      ),
    ['order-decided', 'order-versions', 'order-stock', 'order-payment'],
  ],
  [
    'the stock of an ended order is never confirmed',
    () => shop.run('orders', `UPDATE orders SET stock_outcome = NULL WHERE id = '${shop.completed.id}'`),
    ['order-settled'],
  ],
  [
    'stock is held for an order that is not, after the time to resume it',
    () => shop.run('products', orphan('active', `now() - interval '30 seconds'`)),
    ['reservation-has-order', 'reservation-ends'],
  ],
  [
    'stock was sold to an order that is not',
    () => shop.run('products', orphan('committed', `now() + interval '1 hour'`)),
    ['reservation-has-order'],
  ],
  [
    'an order completes without its money',
    () => shop.run('payments', `DELETE FROM payments WHERE id = '${shop.completed.paymentId}'`),
    ['order-payment', 'payment-in-ledger', 'money-adds-up'],
  ],
  [
    'a cancelled order keeps the money',
    () =>
      shop.run(
        'payments',
        `UPDATE payments SET status = 'captured', failure_code = NULL, captured = amount WHERE id = '${shop.cancelled.paymentId}'`,
      ),
    ['order-payment', 'payment-in-ledger', 'money-adds-up'],
  ],
  [
    'money is taken for no order',
    () =>
      shop.run(
        'payments',
        `INSERT INTO payments (id, order_id, user_id, name, currency, amount, status, created_at, updated_at)
         VALUES ('${randomUUID()}', '${randomUUID()}', '${shop.userId}', '', 'EUR', 5, 'voided', now(), now())`,
      ),
    ['payment-has-order'],
  ],
  [
    'the provider charged what we do not know of',
    () =>
      shop.run(
        'payments',
        `INSERT INTO sandbox_ledger (id, order_id, kind, idempotency_key, fingerprint, outcome, amount, currency, at)
         VALUES ('${randomUUID()}', '${shop.completed.id}', 'charge', 'another', '', 'succeeded', 1000, 'EUR', now() - interval '1 minute')`,
      ),
    ['payment-in-ledger', 'payment-charged-once'],
  ],
  [
    'the provider charged another amount',
    () =>
      shop.run(
        'payments',
        `UPDATE sandbox_ledger SET amount = 999 WHERE idempotency_key = '${shop.completed.paymentId}'`,
      ),
    ['payment-in-ledger'],
  ],
  [
    'a payment stays unknown',
    () =>
      shop.run(
        'payments',
        `UPDATE payments SET status = 'pending', failure_code = NULL WHERE id = '${shop.cancelled.paymentId}'`,
      ),
    ['payment-known', 'order-payment'],
  ],
  [
    'a refund never reached the provider',
    () => shop.run('payments', `DELETE FROM sandbox_ledger WHERE kind = 'refund'`),
    ['refund-in-ledger'],
  ],
  [
    'a refund was booked twice',
    () => shop.run('payments', `UPDATE payments SET refunded = 200, refund_reserved = 200 WHERE refunded > 0`),
    ['refund-within-capture', 'money-adds-up'],
  ],
  ...DATABASE_NAMES.map((database): [string, () => Promise<void>, string[]] => [
    `an event stays unpublished in ${database}`,
    () =>
      shop.run(
        database,
        `INSERT INTO outbox (id, aggregate_id, type, body, created_at) VALUES ('${randomUUID()}', '${randomUUID()}', 'product.updated', '{}', now() - interval '1 minute')`,
      ),
    [`published-${database}`],
  ]),
  [
    'a purged queue took an event with it',
    () => shop.run('notifications', `DELETE FROM inbox WHERE type = 'order.cancelled'`),
    ['event-received'],
  ],
  [
    'an event had an effect that nobody told',
    () =>
      shop.run(
        'payments',
        `INSERT INTO inbox (consumer, message_id, type, received_at) VALUES ('payment-service', '${randomUUID()}', 'order.created', now() - interval '1 minute')`,
      ),
    ['event-known'],
  ],
];

describe('reconcile', () => {
  test('finds nothing where everything adds up', async () => {
    expect(await findings()).toEqual([]);
  });

  test.each(PLANTS)('notices when %s', async (_story, plant, noticedBy) => {
    await plant();
    expect((await findings()).sort()).toEqual([...noticedBy].sort());
  });

  test('notices transactions that were forgotten, in whichever database', async () => {
    const clients = await Promise.all(DATABASE_NAMES.map((name) => shop.connect(name)));
    try {
      for (const client of clients) await client.query('BEGIN; SELECT 1');
      await new Promise((resolve) => setTimeout(resolve, 5_200));
      expect((await findings()).sort()).toEqual(
        DATABASE_NAMES.map((name) => `no-forgotten-transaction-${name}`).sort(),
      );
      for (const client of clients) await client.query('ROLLBACK');
    } finally {
      for (const client of clients) client.release();
    }
  });

  test('has no check that nothing planted here would make fail', () => {
    const noticed = new Set(PLANTS.flatMap(([, , names]) => names));
    // Those that ask a broker or Stripe have tests of their own.
    const within = CHECKS.filter(
      ({ name, needs }) => needs === undefined && !name.startsWith('no-forgotten-transaction-'),
    );
    expect(within.map(({ name }) => name).filter((name) => !noticed.has(name))).toEqual([]);
  });

  test('takes a message that waits as a dead letter for told', async () => {
    await shop.run('notifications', `DELETE FROM inbox WHERE type = 'order.cancelled'`);
    const rows = await databases.select<{ id: string }>(
      'orders',
      `SELECT id FROM outbox WHERE type = 'order.cancelled'`,
    );
    for (const { id } of rows) {
      await shop.run(
        'notifications',
        `INSERT INTO dead_letters (id, message_id, reason, attempts, headers, body) VALUES ('${randomUUID()}', '${id}', 'x', 5, '{}', '')`,
      );
    }
    expect(await findings()).toEqual([]);
    await shop.run('notifications', 'UPDATE dead_letters SET redriven_at = now()');
    expect(await findings()).toEqual(['event-received']);
  });

  test('leaves an order that was given up in the middle its time to be resumed', async () => {
    await shop.run('products', orphan('active', `now() + interval '10 minutes'`));
    expect(await findings()).toEqual([]);
  });

  test('gives what is under way its time', async () => {
    await shop.run('orders', `UPDATE orders SET stock_outcome = NULL WHERE id = '${shop.completed.id}'`);
    const patient = await reconcile({ databases, patienceMs: 3_600_000, settleMs: 0 });
    expect(patient.flatMap(({ discrepancies }) => discrepancies)).toEqual([]);
  });

  test('forgets what was seen only for a moment', async () => {
    await shop.run('products', 'UPDATE inventory SET reserved = 2');
    const looking = reconcile({ databases, patienceMs: PATIENCE_MS, settleMs: 20_000, roundPauseMs: 500 });
    setTimeout(() => void shop.run('products', 'UPDATE inventory SET reserved = 0'), 700);
    expect((await looking).flatMap(({ discrepancies }) => discrepancies)).toEqual([]);
  });

  test('reads without being able to write', async () => {
    await expect(databases.select('orders', 'DELETE FROM orders')).rejects.toMatchObject({ code: '25006' });
  });
});

describe('npm run reconcile', () => {
  const run = async (args: string[], env: Record<string, string | undefined> = {}) => {
    const lines = { out: [] as string[], err: [] as string[] };
    const terminal = {
      env,
      out: (text: string) => void lines.out.push(text),
      err: (text: string) => void lines.err.push(text),
    };
    const code = await runReconcile(args, terminal);
    return { code, out: lines.out.join('\n'), err: lines.err.join('\n') };
  };
  const environment = () =>
    Object.fromEntries(Object.entries(shop.urls).map(([name, url]) => [`${name.toUpperCase()}_DATABASE_URL`, url]));
  const QUICK = ['--patience-ms', String(PATIENCE_MS), '--settle-ms', '0'];

  test('ends with 0 and says that all rules hold', async () => {
    const { code, out } = await run(QUICK, environment());
    const skipped = CHECKS.filter(({ needs }) => needs !== undefined).length;
    const end = `All ${CHECKS.length - skipped} rules hold; ${skipped} could not be asked`;
    expect({ code, end: out.split('\n').at(-1) }).toEqual({ code: 0, end });
  });

  test('ends with 1 and prints each discrepancy with what was expected and found', async () => {
    await shop.run('products', 'UPDATE inventory SET reserved = 2');
    const { code, out } = await run(QUICK, environment());
    expect(code).toBe(1);
    expect(out).toContain(`product ${shop.productId}: expected 0 reserved, found 2 reserved`);
    const json = await run([...QUICK, '--json'], environment());
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({ ok: false });
  });

  test.each<[string, string[], Record<string, string>, RegExp]>([
    ['no platform is there', ['--data', '/nowhere'], {}, /No platform runs in \/nowhere.*ORDERS_DATABASE_URL/s],
    ['only some databases are named', [], { ORDERS_DATABASE_URL: 'postgresql://x' }, /missing: USERS_DATABASE_URL/],
    ['a number is none', ['--settle-ms', 'soon'], {}, /--settle-ms: expected milliseconds, found "soon"/],
    ['an option is unknown', ['--fast'], {}, /--fast/],
    [
      'a database does not answer',
      DATABASE_NAMES.flatMap((name) => [`--${name}-url`, 'postgresql://127.0.0.1:1/none']),
      {},
      /The database \w+ does not answer/,
    ],
  ])('ends with 2 and a sentence when %s', async (_story, args, env, message) => {
    const { code, err } = await run(args, env);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

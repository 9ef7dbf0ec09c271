import { randomUUID } from 'node:crypto';
import { currentTraceparent, newTraceparent, runWithTraceparent, transaction } from '@souk/service-runtime';
import { createTestDatabase, silentLogger, type TestDatabase, waitFor } from '@souk/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  aShippedOrder,
  metricValue,
  migrations,
  type RecordingBroker,
  recordingBroker,
  testMetrics,
} from '../test/fixtures.ts';
import { insertOutbox, republishLast } from './outbox.ts';
import { createRelay, type Relay, type RelayOptions } from './relay.ts';
import { claimRows } from './relay-statements.ts';

let database: TestDatabase;
let broker: RecordingBroker;
const relays: Relay[] = [];
const metrics = testMetrics();

beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());
beforeEach(() => {
  broker = recordingBroker();
});
afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  await database.ownerPool.query('TRUNCATE outbox');
});

function startRelay(overrides: Partial<RelayOptions> = {}): Relay {
  const relay = createRelay({
    pool: database.pool,
    broker,
    logger: silentLogger(),
    metrics,
    pollIntervalMs: 50,
    leaseMs: 700,
    ...overrides,
  });
  relays.push(relay);
  void relay.start();
  return relay;
}

async function unpublished(): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM outbox WHERE published_at IS NULL',
  );
  return rows[0]?.count ?? -1;
}

const publishedIds = () => broker.published.map((message) => message.id);
const allPublished = () => waitFor(async () => (await unpublished()) === 0, { what: 'an empty outbox' });

function withResolvers() {
  let resolve: (outcome: 'confirmed') => void = () => {};
  const promise = new Promise<'confirmed'>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe('the relay', () => {
  it('publishes what a transaction wrote, with its trace and order id', async () => {
    const event = aShippedOrder();
    const traceparent = newTraceparent();
    await runWithTraceparent(traceparent, () => insertOutbox(database.pool, [event]));
    startRelay();
    await allPublished();
    const [message] = broker.published;
    expect(message).toMatchObject({
      id: event.id,
      type: 'order.shipped',
      correlationId: event.subject,
      traceparent,
      mandatory: true,
    });
    expect(JSON.parse(message?.body.toString() ?? '')).toEqual({ ...event, traceparent });
    expect(currentTraceparent()).toBeUndefined();
  });

  it('is woken in memory and need not wait for its poll', async () => {
    const relay = startRelay({ pollIntervalMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await insertOutbox(database.pool, [aShippedOrder()]);
    relay.wake();
    // Its poll comes after a minute.
    await waitFor(() => broker.published.length === 1);
  });

  it('publishes nothing of a transaction that was rolled back', async () => {
    await expect(
      transaction(database.pool, async (tx) => {
        await insertOutbox(tx, [aShippedOrder()]);
        throw new TypeError('changed my mind');
      }),
    ).rejects.toThrow(TypeError);
    await insertOutbox(database.pool, [aShippedOrder()]);
    startRelay();
    await allPublished();
    expect(broker.published).toHaveLength(1);
  });

  it('publishes a row whose transaction committed after rows with a higher position', async () => {
    const late = aShippedOrder();
    const client = await database.pool.connect();
    await client.query('BEGIN');
    await insertOutbox(client, [late]);
    await insertOutbox(database.pool, [aShippedOrder(), aShippedOrder()]);
    startRelay();
    await waitFor(() => broker.published.length === 2);
    await client.query('COMMIT');
    client.release();
    await allPublished();
    expect(publishedIds()).toContain(late.id);
  });

  it('keeps the order of one aggregate', async () => {
    const orderId = randomUUID();
    const events = Array.from({ length: 30 }, (_, index) => aShippedOrder({ orderId, sequence: index + 1 }));
    for (const event of events) await insertOutbox(database.pool, [event, aShippedOrder()]);
    startRelay({ batchMax: 7 });
    startRelay({ batchMax: 7 });
    await allPublished();
    const own = new Set(events.map((event) => event.id));
    expect(publishedIds().filter((id) => own.has(id))).toEqual(events.map((event) => event.id));
  });

  it('shares the work with other relays and publishes each row once', async () => {
    const events = Array.from({ length: 500 }, () => aShippedOrder());
    await insertOutbox(database.pool, events);
    for (let index = 0; index < 3; index += 1) startRelay({ batchMax: 20 });
    await allPublished();
    expect(publishedIds().sort()).toEqual(events.map((event) => event.id).sort());
  });

  it('leaves returned events unpublished, raises the alarm, and publishes them once a queue is bound', async () => {
    broker.outcomeOf = (message) => (message.type === 'order.shipped' ? 'returned' : 'confirmed');
    await insertOutbox(database.pool, [aShippedOrder()]);
    startRelay();
    await waitFor(async () => (await metricValue(metrics, 'souk_outbox_returned_total')) >= 1);
    expect(await unpublished()).toBe(1);
    broker.outcomeOf = () => 'confirmed';
    await allPublished();
  });

  it('does not let a blocked event hold up other aggregates, however many follow it', async () => {
    const blocked = aShippedOrder();
    const followers = Array.from({ length: 20 }, () => aShippedOrder({ orderId: blocked.subject }));
    const free = aShippedOrder();
    broker.outcomeOf = (message) => (message.id === blocked.id ? 'returned' : 'confirmed');
    await insertOutbox(database.pool, [blocked, ...followers, free]);
    startRelay({ batchMax: 5 });
    await waitFor(() => publishedIds().includes(free.id));
    // Those of its own batch went with it: order within an aggregate is best effort, `sequence` makes it safe.
    const gone = publishedIds().filter((id) => followers.some((event) => event.id === id));
    expect(new Set(gone).size).toBe(4);
  });

  it('publishes failed events again', async () => {
    let tries = 0;
    broker.outcomeOf = () => {
      tries += 1;
      return tries < 3 ? 'failed' : 'confirmed';
    };
    await insertOutbox(database.pool, [aShippedOrder()]);
    startRelay();
    await allPublished();
    expect(tries).toBe(3);
  });

  it('claims nothing while the broker is away', async () => {
    broker.ready = false;
    await insertOutbox(database.pool, [aShippedOrder()]);
    startRelay();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(broker.published).toEqual([]);
    broker.ready = true;
    await allPublished();
  });

  it('takes over what a relay claimed that died after the publish and before the mark', async () => {
    const event = aShippedOrder();
    await insertOutbox(database.pool, [event]);
    const startedAt = Date.now();
    // All that a killed relay leaves behind.
    await claimRows(database.pool, { claimId: randomUUID(), leaseMs: 700, batchMax: 10 });
    startRelay();
    await allPublished();
    expect(Date.now() - startedAt).toBeGreaterThan(650);
    expect(publishedIds()).toEqual([event.id]);
  });

  it('does not mark with a claim that expired while it was paused', async () => {
    const event = aShippedOrder();
    await insertOutbox(database.pool, [event]);
    const resumed = withResolvers();
    const paused = recordingBroker();
    paused.outcomeOf = () => resumed.promise;
    startRelay({ broker: paused, leaseMs: 700 });
    await waitFor(() => paused.published.length === 1);
    paused.ready = false;
    // The other one takes over, and its publish fails: the late confirm of the first must not count.
    broker.outcomeOf = () => 'failed';
    startRelay();
    await waitFor(() => broker.published.length > 0);
    resumed.resolve('confirmed');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await unpublished()).toBe(1);
    broker.outcomeOf = () => 'confirmed';
    await allPublished();
  });

  it('goes on with other events while one publication takes its time', async () => {
    const slow = aShippedOrder();
    const slowly = withResolvers();
    broker.outcomeOf = (message) => (message.id === slow.id ? slowly.promise : 'confirmed');
    await insertOutbox(database.pool, [slow]);
    const relay = startRelay({ leaseMs: 60_000 });
    await waitFor(() => publishedIds().includes(slow.id));
    const next = aShippedOrder();
    await insertOutbox(database.pool, [next]);
    relay.wake();
    await waitFor(async () => (await unpublished()) === 1 && publishedIds().includes(next.id));
    slowly.resolve('confirmed');
    await allPublished();
  });

  it('publishes the last event of an aggregate again, with the same id and the extension redrive', async () => {
    const orderId = randomUUID();
    const first = aShippedOrder({ orderId, sequence: 1 });
    const last = aShippedOrder({ orderId, sequence: 2 });
    await insertOutbox(database.pool, [first, last]);
    startRelay();
    await allPublished();
    broker.published.length = 0;
    expect(await republishLast(database.pool, [orderId, randomUUID()])).toBe(1);
    await allPublished();
    expect(publishedIds()).toEqual([last.id]);
    expect(JSON.parse(broker.published[0]?.body.toString() ?? '')).toEqual({ ...last, redrive: '1' });
    expect(await republishLast(database.pool, [orderId], ['order.created'])).toBe(0);
  });

  it('does not forget a redrive that was asked for while the event was on its way', async () => {
    const event = aShippedOrder();
    const confirm = withResolvers();
    broker.outcomeOf = () => confirm.promise;
    await insertOutbox(database.pool, [event]);
    startRelay();
    await waitFor(() => broker.published.length === 1);
    await republishLast(database.pool, [event.subject]);
    broker.outcomeOf = () => 'confirmed';
    confirm.resolve('confirmed');
    await allPublished();
    expect(JSON.parse(broker.published.at(-1)?.body.toString() ?? '')).toMatchObject({ id: event.id, redrive: '1' });
  });

  it('redrives nothing that still waits, and nothing twice while it is on its way', async () => {
    const [waiting, leaving] = [aShippedOrder(), aShippedOrder()];
    const confirm = withResolvers();
    broker.outcomeOf = () => confirm.promise;
    await insertOutbox(database.pool, [leaving]);
    startRelay({ leaseMs: 60_000 });
    await waitFor(() => broker.published.length === 1);
    broker.ready = false;
    await insertOutbox(database.pool, [waiting]);
    const both = [waiting.subject, leaving.subject];
    const answers = [];
    for (let sweep = 0; sweep < 3; sweep += 1) answers.push(await republishLast(database.pool, both));
    confirm.resolve('confirmed'); // stopping waits for it
    expect(answers).toEqual([1, 0, 0]);
  });

  it('leaves a type that it does not know to the newer build that wrote it', async () => {
    const unknown = { ...aShippedOrder(), type: 'order.gift_wrapped' as 'order.shipped' };
    await insertOutbox(database.pool, [unknown, aShippedOrder()]);
    startRelay();
    await waitFor(async () => (await unpublished()) === 1);
    expect(publishedIds()).not.toContain(unknown.id);
  });

  it('goes on when a broker breaks its promise and rejects', async () => {
    let rejected = false;
    broker.outcomeOf = () => {
      if (rejected) return 'confirmed';
      rejected = true;
      throw new TypeError('a bug');
    };
    await insertOutbox(database.pool, [aShippedOrder()]);
    startRelay();
    await allPublished();
    expect(rejected).toBe(true);
  });

  it('refuses an event that is too large to be sent', async () => {
    await expect(insertOutbox(database.pool, [aShippedOrder({ name: 'x'.repeat(300_000) })])).rejects.toThrow(
      'order.shipped: expected at most 262144 bytes',
    );
  });

  it('measures its lag', async () => {
    broker.ready = false;
    await insertOutbox(database.pool, [aShippedOrder()]);
    await database.ownerPool.query(`UPDATE outbox SET created_at = now() - interval '90 s'`);
    startRelay();
    await waitFor(async () => (await metricValue(metrics, 'souk_outbox_lag_seconds')) > 89);
    expect(await metricValue(metrics, 'souk_outbox_unpublished')).toBe(1);
  });
});

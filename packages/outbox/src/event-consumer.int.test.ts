import { randomUUID } from 'node:crypto';
import { type CloudEvent, QUEUES, Refusal, type SoukEvent } from '@souk/contracts';
import { type Broker, createInProcessBroker, createRabbitMqBroker } from '@souk/messaging';
import {
  currentTraceparent,
  type Metrics,
  newTraceparent,
  type Pool,
  type PoolClient,
  type Worker,
} from '@souk/service-runtime';
import { createTestDatabase, silentLogger, type TestDatabase, testAmqpUrl, waitFor } from '@souk/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deleteTopology } from '../test/delete-topology.ts';
import { aMessage, aShippedOrder, metricValue, migrations, testMetrics } from '../test/fixtures.ts';
import { createDeadLetterConsumer } from './dead-letter-consumer.ts';
import { findDeadLetter, listDeadLetters, redriveDeadLetter } from './dead-letters.ts';
import { createEventConsumer, type EventConsumerOptions } from './event-consumer.ts';
import { UnprocessableEventError } from './unprocessable-event-error.ts';

const SERVICE = 'notification-service';
const retryDelaysMs = [0, 20, 40, 80, 160];

const PREFIX = `outbox-${randomUUID()}.`;
// The one queue of this service: a quorum queue reserves file handles of the broker that all tests share.
const queues = QUEUES.filter((topology) => topology.service === SERVICE);

const brokers: Record<string, () => Broker> = {
  'in process': () => createInProcessBroker({ queues, retryDelaysMs, logger: silentLogger() }),
  RabbitMQ: () =>
    createRabbitMqBroker({ url: testAmqpUrl(), queues, retryDelaysMs, logger: silentLogger(), prefix: PREFIX }),
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(async () => {
  await database.drop();
  await deleteTopology(testAmqpUrl(), { prefix: PREFIX, queues, retryDelaysMs });
});

type Shipped = CloudEvent<'order.shipped'>;

async function recordEffects(tx: PoolClient, events: readonly (Shipped | SoukEvent)[]): Promise<void> {
  await tx.query('INSERT INTO effects SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[])', [
    events.map((event) => event.id),
    events.map((event) => event.subject),
    events.map((event) => (event.sequence === undefined ? null : Number(event.sequence))),
  ]);
}

async function effectIds(): Promise<string[]> {
  const { rows } = await database.ownerPool.query<{ message_id: string }>('SELECT message_id FROM effects');
  return rows.map((row) => row.message_id).sort();
}

const count = async (table: string) =>
  (await database.ownerPool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`)).rows[0]?.count;

describe.each(Object.keys(brokers))('the event consumer over a broker %s', (kind) => {
  let broker: Broker;
  let metrics: Metrics;
  const workers: Worker[] = [];

  beforeEach(() => {
    const create = brokers[kind];
    if (create === undefined) expect.unreachable();
    broker = create();
    metrics = testMetrics();
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    await broker.close();
    await database.ownerPool.query('TRUNCATE effects, inbox, outbox, dead_letters');
  });

  async function startConsumer(
    handle: (tx: PoolClient, events: Shipped[]) => Promise<void> = recordEffects,
    overrides: Partial<EventConsumerOptions> = {},
  ): Promise<void> {
    const options = { service: SERVICE, pool: database.pool, broker, logger: silentLogger(), metrics };
    workers.push(
      createEventConsumer({ ...options, handlers: { 'order.shipped': handle }, ...overrides }),
      createDeadLetterConsumer(options),
    );
    await Promise.all(workers.map((worker) => worker.start()));
    await waitFor(() => broker.isReady(), { timeoutMs: 20_000 });
  }

  /** In process a publish is confirmed by the consumers, so it is not waited for. */
  function publish(events: readonly Shipped[]): void {
    void broker.publish(events.map((event) => aMessage(event)));
  }

  const deadLetters = async () => (await listDeadLetters(database.pool, { limit: 100 })).items;

  it('commits effect and inbox row together and handles each event once, however often and in which order it comes', async () => {
    await startConsumer();
    const events = Array.from({ length: 60 }, (_, index) => aShippedOrder({ sequence: index }));
    const tripled = [...events, ...events, ...events].sort(() => Math.random() - 0.5);
    for (let index = 0; index < tripled.length; index += 20) publish(tripled.slice(index, index + 20));
    await waitFor(async () => (await count('effects')) === 60, { timeoutMs: 20_000 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await effectIds()).toEqual(events.map((event) => event.id).sort());
    expect(await count('inbox')).toBe(60);
    expect(await deadLetters()).toEqual([]);
  });

  it('counts duplicates', async () => {
    await startConsumer();
    const event = aShippedOrder();
    publish([event]);
    await waitFor(async () => (await count('effects')) === 1);
    publish([event]);
    await waitFor(async () => (await metricValue(metrics, 'souk_inbox_duplicates_total')) === 1);
  });

  it('dead-letters what no attempt can handle, with the reason, and lets the neighbours pass', async () => {
    await startConsumer();
    const good = Array.from({ length: 10 }, () => aShippedOrder());
    const event = () => aShippedOrder();
    const poison = [
      { message: { ...aMessage(event()), body: Buffer.from('{"id":') }, reason: 'not UTF-8 JSON' },
      { message: aMessage(event(), { ...event(), type: 'order.teleported' }), reason: 'unknown type' },
      {
        message: aMessage(event(), { ...event(), dataschema: '/schemas/order.shipped/v2' }),
        reason: 'unknown version',
      },
      { message: aMessage(event(), { ...event(), data: { orderId: 7 } }), reason: 'breaks its schema' },
      { message: aMessage(event(), { ...event(), source: '/payment-service' }), reason: 'comes from' },
      { message: aMessage(event(), event()), reason: 'message-id is not the id' },
      {
        message: { ...aMessage(event()), body: Buffer.alloc(1_048_577, ' ') },
        reason: 'expected at most 1048576 bytes',
      },
    ];
    void broker.publish([...good.slice(0, 5).map((one) => aMessage(one)), ...poison.map(({ message }) => message)]);
    publish(good.slice(5));
    await waitFor(async () => (await deadLetters()).length === poison.length && (await count('effects')) === 10, {
      timeoutMs: 20_000,
    });
    const letters = await deadLetters();
    for (const { message, reason } of poison) {
      const letter = letters.find(({ messageId }) => messageId === message.id);
      expect(letter?.reason).toContain(reason);
      expect(letter?.attempts).toBe(1);
    }
  });

  it('isolates the message whose handler fails: it climbs all retries, its neighbours do not wait', async () => {
    const bad = aShippedOrder();
    const attempts: number[] = [];
    await startConsumer(async (tx, events) => {
      await recordEffects(tx, events);
      if (!events.some((event) => event.id === bad.id)) return;
      if (events.length === 1) attempts.push(Date.now());
      throw new Refusal('conflict', 'no such order', {});
    });
    const good = Array.from({ length: 30 }, () => aShippedOrder());
    publish([...good.slice(0, 15), bad, ...good.slice(15)]);
    await waitFor(async () => (await deadLetters()).length === 1, { timeoutMs: 20_000 });
    expect(await effectIds()).toEqual(good.map((event) => event.id).sort());
    expect(attempts).toHaveLength(retryDelaysMs.length);
    const [letter] = await deadLetters();
    expect(letter).toMatchObject({
      messageId: bad.id,
      type: 'order.shipped',
      orderId: bad.subject,
      reason: 'conflict: no such order',
      attempts: 5,
    });
  });

  it('dead-letters at once what a handler calls unprocessable', async () => {
    await startConsumer(async () => {
      throw new UnprocessableEventError('commit without an active reservation');
    });
    publish([aShippedOrder()]);
    await waitFor(async () => (await deadLetters()).length === 1);
    expect((await deadLetters())[0]).toMatchObject({ attempts: 1, reason: 'commit without an active reservation' });
  });

  it('names no value that the database quotes as the reason', async () => {
    await startConsumer(async (tx) => {
      await tx.query(`SELECT 'canary-secret'::uuid`);
    });
    publish([aShippedOrder()]);
    await waitFor(async () => (await deadLetters()).length === 1, { timeoutMs: 20_000 });
    expect((await deadLetters())[0]?.reason).toBe('the database refused the effect: invalid-text 22P02');
  });

  it('counts no attempt while the database is away, and resumes by itself', async () => {
    let away = true;
    const pool = new Proxy(database.pool, {
      get(target, property) {
        if (!away || (property !== 'connect' && property !== 'query')) return Reflect.get(target, property, target);
        return () => Promise.reject(Object.assign(new TypeError('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
      },
    }) as Pool;
    await startConsumer(recordEffects, { pool });
    const events = Array.from({ length: 25 }, () => aShippedOrder());
    publish(events);
    await waitFor(async () => (await metricValue(metrics, 'souk_inbox_suspended')) === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    away = false;
    await waitFor(async () => (await count('effects')) === 25);
    expect(await deadLetters()).toEqual([]);
    expect(await metricValue(metrics, 'souk_inbox_suspended')).toBe(0);
  });

  it('survives the loss of its connections in the middle of the work', async () => {
    await startConsumer();
    const events = Array.from({ length: 100 }, () => aShippedOrder());
    for (let index = 0; index < events.length; index += 10) {
      publish(events.slice(index, index + 10));
      await database.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()`,
      );
    }
    await waitFor(async () => (await count('effects')) === 100, { timeoutMs: 25_000 });
    expect(await effectIds()).toEqual(events.map((event) => event.id).sort());
    expect(await deadLetters()).toEqual([]);
  });

  it('asks the service to repeat its own last event when a known event is redriven', async () => {
    const redriven: string[] = [];
    await startConsumer(recordEffects, {
      onRedrive: async (_tx, events) => {
        redriven.push(...events.map((event) => event.id));
      },
    });
    const known = aShippedOrder();
    const unknown = aShippedOrder();
    publish([known]);
    await waitFor(async () => (await count('effects')) === 1);
    publish([known, unknown].map((event) => ({ ...event, redrive: '1' })));
    await waitFor(async () => (await count('effects')) === 2 && redriven.length === 1);
    expect(redriven).toEqual([known.id]);
  });

  it('continues the trace of each message of a batch', async () => {
    const seen = new Map<string, string | undefined>();
    await startConsumer(async (tx, events) => {
      for (const event of events) seen.set(event.id, currentTraceparent(event.subject));
      await recordEffects(tx, events);
    });
    const events = Array.from({ length: 5 }, () => ({ ...aShippedOrder(), traceparent: newTraceparent() }));
    publish(events);
    await waitFor(async () => (await count('effects')) === 5);
    for (const event of events) expect(seen.get(event.id)?.slice(0, 36)).toBe(event.traceparent.slice(0, 36));
  });

  it('redrives a dead letter with its original id', async () => {
    let broken = true;
    await startConsumer(async (tx, events) => {
      if (broken) throw new UnprocessableEventError('not now');
      await recordEffects(tx, events);
    });
    const event = aShippedOrder();
    publish([event]);
    await waitFor(async () => (await deadLetters()).length === 1);
    broken = false;
    const [summary] = await deadLetters();
    const letter = await findDeadLetter(database.pool, summary?.id ?? '');
    if (letter === undefined) expect.unreachable();
    const options = { service: SERVICE, broker, redrivenBy: randomUUID() };
    expect(await redriveDeadLetter(database.pool, letter, options)).toBe(true);
    await waitFor(async () => (await count('effects')) === 1);
    expect(await effectIds()).toEqual([event.id]);
    expect(await deadLetters()).toEqual([]);
    expect(await findDeadLetter(database.pool, letter.id)).toBeUndefined();
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { QUEUES } from '@souk/contracts';
import { type Broker, createRabbitMqBroker } from '@souk/messaging';
import type { PoolClient, Worker } from '@souk/service-runtime';
import { createTestDatabase, silentLogger, type TestDatabase, testAmqpUrl, waitFor } from '@souk/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deleteTopology } from '../test/delete-topology.ts';
import { aShippedOrder, migrations, testMetrics } from '../test/fixtures.ts';
import { createEventConsumer } from './event-consumer.ts';
import { insertOutbox } from './outbox.ts';

const SERVICE = 'notification-service';
const PREFIX = `outbox-${randomUUID()}.`;
const queues = QUEUES.filter((topology) => topology.service === SERVICE);
const retryDelaysMs = [0];
const script = fileURLToPath(new URL('../test/relay-process.ts', import.meta.url));

let database: TestDatabase;
let broker: Broker;
let consumer: Worker;
const processes: ChildProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase(migrations);
  broker = createRabbitMqBroker({ url: testAmqpUrl(), prefix: PREFIX, queues, retryDelaysMs, logger: silentLogger() });
  consumer = createEventConsumer({
    service: SERVICE,
    pool: database.pool,
    broker,
    logger: silentLogger(),
    metrics: testMetrics(),
    handlers: {
      'order.shipped': async (tx: PoolClient, events) => {
        const ids = events.map((event) => event.id);
        await tx.query('INSERT INTO effects (message_id) SELECT * FROM unnest($1::uuid[])', [ids]);
      },
    },
  });
  await consumer.start();
  await waitFor(() => broker.isReady(), { timeoutMs: 15_000 });
});
afterAll(async () => {
  await Promise.all(
    processes.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }),
  );
  await consumer.stop();
  await broker.close();
  await database.drop();
  await deleteTopology(testAmqpUrl(), { prefix: PREFIX, queues, retryDelaysMs });
});

function startRelayProcess(): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', script], {
    env: { PATH: process.env.PATH ?? '', AMQP_URL: testAmqpUrl(), DATABASE_URL: database.appUrl, PREFIX, SERVICE },
    stdio: 'inherit',
  });
  processes.push(child);
  return child;
}

async function count(condition: string): Promise<number> {
  const { rows } = await database.ownerPool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${condition}`);
  return rows[0]?.count ?? -1;
}

it('relays that are killed, stopped and woken again lose nothing, and each event has one effect', async () => {
  const ids: string[] = [];
  const tell = async (batches: number) => {
    for (let batch = 0; batch < batches; batch += 1) {
      const events = Array.from({ length: 20 }, () => aShippedOrder());
      ids.push(...events.map((event) => event.id));
      await insertOutbox(database.pool, events);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const [killed, stopped] = [startRelayProcess(), startRelayProcess()];
  await tell(1);
  await waitFor(async () => (await count('effects')) === 20, { timeoutMs: 20_000 });

  const telling = tell(60);
  await new Promise((resolve) => setTimeout(resolve, 150));
  killed.kill('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 100));
  stopped.kill('SIGSTOP');
  await telling;
  // Nobody publishes now: what the two had claimed is taken over within lease and poll, 5 s.
  const third = startRelayProcess();
  await waitFor(async () => (await count('outbox WHERE published_at IS NULL')) === 0, { timeoutMs: 20_000 });
  stopped.kill('SIGCONT');
  await tell(5);
  await waitFor(async () => (await count('outbox WHERE published_at IS NULL')) === 0, { timeoutMs: 20_000 });
  await waitFor(async () => (await count('effects')) >= ids.length, { timeoutMs: 20_000 });

  const { rows } = await database.ownerPool.query<{ message_id: string }>('SELECT message_id FROM effects');
  expect(rows.map((row) => row.message_id).sort()).toEqual([...ids].sort());
  expect(await count('inbox')).toBe(ids.length);
  expect([stopped.exitCode, third.exitCode]).toEqual([null, null]);
}, 120_000);

import { setTimeout as sleep } from 'node:timers/promises';
import type { BreakableServers } from '@souk/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { DatabaseName } from '../../src/platform.ts';
import { type Fault, type FaultContext, FaultNotAsExpectedError } from './fault.ts';
import { deleteExchange, deleteQueue, purgeQueues, setBindings } from './queues.ts';

function ownServers({ servers }: FaultContext): BreakableServers {
  if (servers === undefined) throw new FaultNotAsExpectedError('This fault needs servers of its own');
  return servers;
}

const toServers = (run: (servers: BreakableServers, context: FaultContext) => Promise<void>): Fault => ({
  needsOwnServers: true,
  run: (context) => run(ownServers(context), context),
});

interface Killable {
  kill(): Promise<void>;
  start(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}
type ServerOf = (servers: BreakableServers) => Killable;

/** SIGKILL (PostgreSQL: an immediate shutdown), and a start after a while. */
export const serverKilled = (serverOf: ServerOf): Fault =>
  toServers(async (servers, { random, durationMs }) => {
    await serverOf(servers).kill();
    await sleep(random.between(0, durationMs));
    await serverOf(servers).start();
  });

/** SIGSTOP: connections stay open and nobody answers. */
export const serverFrozen = (serverOf: ServerOf): Fault =>
  toServers(async (servers, { durationMs }) => {
    serverOf(servers).signal('SIGSTOP');
    await sleep(durationMs);
    serverOf(servers).signal('SIGCONT');
  });

/** The node goes away in good order, and comes back. */
export const brokerStopped = toServers(async ({ rabbitMq }, { durationMs }) => {
  await rabbitMq.control('stop_app');
  await sleep(durationMs);
  await rabbitMq.control('start_app');
});

/** The broker takes nothing from publishers: `connection.blocked`. */
export const memoryAlarm = toServers(async ({ rabbitMq }, { durationMs }) => {
  await rabbitMq.control('set_vm_memory_high_watermark', '0.000001');
  await sleep(durationMs);
  await rabbitMq.control('set_vm_memory_high_watermark', '0.7');
});

/** One session dies of a signal: the server ends all others too and recovers. */
export const backendKilled = toServers(async (_, { share, platform, durationMs }) => {
  const client = new pg.Client({ connectionString: share.administratorUrl('orders') });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename LIKE '%_app' LIMIT 1`,
  );
  const [session] = rows;
  if (session === undefined) throw new FaultNotAsExpectedError('No service has a session');
  process.kill(session.pid, 'SIGKILL');
  await sleep(durationMs);
  await client.end().catch(() => {});
  await platform.waitUntilReady('order-service');
});

async function withRedis(url: string, run: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(url);
  redis.on('error', () => {});
  await run(redis);
  redis.disconnect();
}

export const redisFlushed: Fault = {
  run: ({ share }) => withRedis(share.redisUrl, (redis) => redis.flushdb()),
};

/** `CLIENT PAUSE`: it takes commands and does not answer them. */
export const redisPaused = toServers((_, { share, durationMs }) =>
  withRedis(share.redisUrl, async (redis) => {
    await redis.call('CLIENT', 'PAUSE', String(durationMs), 'ALL');
    await sleep(durationMs);
  }),
);

/** It answers every write with OOM. */
export const redisFull = toServers((_, { share, durationMs }) =>
  withRedis(share.redisUrl, async (redis) => {
    await redis.call('CONFIG', 'SET', 'maxmemory', '1');
    await sleep(durationMs);
    await redis.call('CONFIG', 'SET', 'maxmemory', '0');
  }),
);

/** Ends a random session of a service again and again, as an administrator or a pooler would. */
export const backendsTerminated = (database: DatabaseName): Fault => ({
  async run({ share, durationMs }) {
    // Only a superuser may end the sessions of others.
    const client = new pg.Client({ connectionString: share.administratorUrl(database) });
    await client.connect();
    const until = Date.now() + durationMs;
    while (Date.now() < until) {
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
         WHERE datname = current_database() AND usename LIKE '%_app' ORDER BY random() LIMIT 1) one`,
      );
      await sleep(100);
    }
    await client.end();
  },
});

export const queuesPurged: Fault = {
  losesMessages: true,
  async run({ share, durationMs }) {
    const until = Date.now() + durationMs;
    while (Date.now() < until) {
      await purgeQueues(share);
      await sleep(20);
    }
  },
};

export const queueDeleted = (service: string): Fault => ({
  losesMessages: true,
  run: ({ share }) => deleteQueue(share, `${service}.events`),
});

/**
 * An event that has another consumer too is routed to that one alone, and nobody can tell: the newest of each order comes
 * again by the saga's redrive, one that it makes unnecessary does not.
 */
export const unbound = (service: string): Fault => ({
  losesMessages: true,
  async run({ share, durationMs }) {
    await setBindings(share, `${service}.events`, false);
    await sleep(durationMs);
    await setBindings(share, `${service}.events`, true);
  },
});

/** Publishing to it closes the channel with 404 until somebody declares it again, one binding after the other. */
export const exchangeDeleted: Fault = {
  losesMessages: true,
  async run({ share, durationMs }) {
    await deleteExchange(share);
    await sleep(durationMs);
  },
};

/** The broker itself closes every connection, as an operator does before an upgrade. */
export const connectionsClosed = toServers(async ({ rabbitMq }, { durationMs }) => {
  const until = Date.now() + durationMs;
  while (Date.now() < until) await rabbitMq.control('close_all_connections', '--vhost', '/', 'maintenance');
});

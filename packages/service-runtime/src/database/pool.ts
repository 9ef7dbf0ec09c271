import pg from 'pg';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { queueDelayMs, watchQueue } from './pool-queue.ts';

export type Pool = pg.Pool;
export type PoolClient = pg.PoolClient;
/** A pool or a transaction: whatever runs a statement. */
export type Queryable = Pick<pg.PoolClient, 'query'>;

/** Each inner time ends before the outer one: lock < statement < query < connection < the service's 5 s < the gateway's 10 s. */
export const DATABASE_TIMEOUTS_MS = {
  /** A little above the server's deadlock_timeout (1 s): else a deadlock would show as a lock that took too long, and not be repeated. */
  lock: 1_200,
  statement: 2_000,
  /** In the client, for a server that does not answer at all. */
  query: 2_500,
  /** Waiting for a free connection and opening one. */
  connection: 3_000,
  /** Ends a transaction whose process was stopped in the middle, so that its locks do not outlive it. */
  idleInTransaction: 5_000,
} as const;

export interface PoolOptions {
  url: string;
  max: number;
  applicationName: string;
  logger: Logger;
  metrics?: Metrics | undefined;
  /** For migrations and tests that need longer statements. */
  timeoutsMs?: Partial<Record<keyof typeof DATABASE_TIMEOUTS_MS, number>> | undefined;
}

/** A pool whose every wait ends, that survives the loss of any connection, and that opens none before it is used. */
export function createPool(options: PoolOptions): Pool {
  const timeouts = { ...DATABASE_TIMEOUTS_MS, ...options.timeoutsMs };
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    application_name: options.applicationName,
    connectionTimeoutMillis: timeouts.connection,
    statement_timeout: timeouts.statement,
    query_timeout: timeouts.query,
    lock_timeout: timeouts.lock,
    idle_in_transaction_session_timeout: timeouts.idleInTransaction,
    idleTimeoutMillis: 30_000,
    // Connections move to a new primary or a new balancer sooner or later.
    maxLifetimeSeconds: 1_800,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  // Without a listener the loss of an idle connection ends the process; with it the next query opens a new one.
  pool.on('error', (error) => options.logger.warn({ error }, 'Lost an idle database connection'));
  // The pool listens to idle connections only: one that is lost between two statements of a transaction would end the process too.
  pool.on('connect', (client) =>
    client.on('error', (error) => options.logger.debug({ error }, 'Lost a database connection')),
  );
  watchQueue(pool);
  if (options.metrics !== undefined) observePool(pool, options.metrics);
  return pool;
}

function observePool(pool: Pool, metrics: Metrics): void {
  countStatements(pool, metrics);
  metrics.gauge('db_client_connection_count', 'Connections to the database, by state', {
    labels: ['state'],
    collect: (gauge) => {
      gauge.set({ state: 'idle' }, pool.idleCount);
      gauge.set({ state: 'used' }, pool.totalCount - pool.idleCount);
    },
  });
  metrics.gauge('db_client_connection_max', 'Most connections to the database', {
    collect: (gauge) => gauge.set(pool.options.max),
  });
  metrics.gauge('db_client_connection_pending_requests', 'Requests that wait for a connection', {
    collect: (gauge) => gauge.set(pool.waitingCount),
  });
  metrics.gauge('souk_database_queue_delay_seconds', 'Time that the first in the queue for a connection has waited', {
    collect: (gauge) => gauge.set(queueDelayMs(pool) / 1_000),
  });
}

/** Statements per request are the figure a benchmark on a shared machine can compare; wrapped once per connection. */
function countStatements(pool: Pool, metrics: Metrics): void {
  const statements = metrics.counter('souk_database_statements_total', 'Statements sent to the database');
  pool.on('connect', (client) => {
    const send: (...given: unknown[]) => unknown = client.query.bind(client);
    client.query = ((...given: unknown[]) => {
      statements.inc();
      return send(...given);
    }) as typeof client.query;
  });
}

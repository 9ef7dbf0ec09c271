import { setTimeout as sleep } from 'node:timers/promises';
import { classifyDatabaseError } from './database-errors.ts';
import type { Pool, PoolClient } from './pool.ts';

export interface TransactionOptions {
  isolation?: 'read committed' | 'repeatable read' | 'serializable';
  /** How often a conflict with another transaction (40001, 40P01) is repeated. Default 3. */
  retriesMax?: number;
}

/** Full jitter, so that the two sides of a deadlock do not meet again. */
const RETRY_DELAY_MS_MAX = 40;

/**
 * Runs `fn` in one transaction on one connection. A conflict with another transaction repeats the whole of it, so `fn` must
 * have no effect outside of `tx`: no network call, no message. Whatever `fn` throws is thrown on after the rollback.
 * When COMMIT itself loses its connection the outcome is unknown, and the error is transient.
 */
export async function transaction<T>(
  pool: Pool,
  fn: (tx: PoolClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const { retriesMax = 3 } = options;
  for (let retry = 1; ; retry += 1) {
    const client = await begin(pool, options);
    try {
      const result = await fn(client);
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      await rollback(client, error);
      if (retry > retriesMax || classifyDatabaseError(error).kind !== 'serialization') throw error;
      await sleep(Math.random() * RETRY_DELAY_MS_MAX * retry);
    }
  }
}

/**
 * A connection that died in the pool shows itself at the first statement: at BEGIN, where nothing is lost by another try
 * (brianc/node-postgres#3399). After a server's restart every idle connection is such a one.
 */
async function begin(pool: Pool, options: TransactionOptions): Promise<PoolClient> {
  const statement = options.isolation === undefined ? 'BEGIN' : `BEGIN ISOLATION LEVEL ${options.isolation}`;
  for (let staleMax = pool.totalCount; ; staleMax -= 1) {
    const client = await pool.connect();
    try {
      await client.query(statement);
      return client;
    } catch (error) {
      client.release(true);
      if (staleMax <= 0 || isQueryTimeout(error) || classifyDatabaseError(error).kind !== 'transient') throw error;
    }
  }
}

/** A silent server costs 2.5 s each time: not to be tried with every connection of the pool. */
function isQueryTimeout(error: unknown): boolean {
  return error instanceof Error && error.message.includes('Query read timeout');
}

async function rollback(client: PoolClient, cause: unknown): Promise<void> {
  // After a lost or silent connection a ROLLBACK would wait behind the statement that got no answer.
  const { kind, timeout } = classifyDatabaseError(cause);
  const broken = kind === 'transient' && timeout === undefined && isDriverError(cause);
  if (broken) return client.release(true);
  try {
    await client.query('ROLLBACK');
    client.release();
  } catch {
    client.release(true);
  }
}

function isDriverError(error: unknown): boolean {
  return error instanceof Error && error.name !== 'Refusal';
}

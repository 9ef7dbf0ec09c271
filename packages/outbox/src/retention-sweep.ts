import { createSweep, type Logger, type Metrics, type Pool, type Sweep } from '@souk/service-runtime';
import { inChunks, ROWS_PER_STATEMENT } from './in-chunks.ts';

export interface RetentionSweepOptions {
  pool: Pool;
  logger: Logger;
  metrics: Metrics;
  /** For services that take Idempotency-Key. */
  idempotencyKeys?: boolean;
  /** Default one hour. */
  intervalMs?: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * How long rows are kept: the inbox longer than any message can come again (retries, a broker's outage, a redriven dead
 * letter), published events as long as anybody asks what happened, answers for as long as the contract says.
 */
const KEEP_MS = { inbox: 7 * DAY_MS, outbox: 30 * DAY_MS, deadLetters: 30 * DAY_MS, idempotencyKeys: DAY_MS } as const;

/** Deletes by primary key where that is a UUIDv7: its first 48 bits are the time, and no further index is needed. */
const STATEMENTS = {
  inbox: `DELETE FROM inbox WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM inbox WHERE received_at < $1 ORDER BY received_at LIMIT ${ROWS_PER_STATEMENT}))`,
  outbox: `DELETE FROM outbox WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM outbox WHERE id < $2 AND published_at < $1 ORDER BY id LIMIT ${ROWS_PER_STATEMENT}))`,
  deadLetters: `DELETE FROM dead_letters WHERE ctid = ANY (ARRAY(
                  SELECT ctid FROM dead_letters WHERE redriven_at < $1 LIMIT ${ROWS_PER_STATEMENT}))`,
  idempotencyKeys: `DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
                      SELECT ctid FROM idempotency_keys WHERE id < $2 AND created_at < $1 ORDER BY id LIMIT ${ROWS_PER_STATEMENT}))`,
} as const;

/** Removes what nobody needs any more from the tables of messages. */
export function createRetentionSweep(options: RetentionSweepOptions): Sweep {
  const { idempotencyKeys = false, intervalMs = HOUR_MS, logger, metrics, pool } = options;
  const tables = [
    'inbox',
    'outbox',
    'deadLetters',
    ...(idempotencyKeys ? (['idempotencyKeys'] as const) : []),
  ] as const;
  const deleted = metrics.counter('souk_retention_deleted_total', 'Rows deleted after their time', ['table']);
  return createSweep({
    name: 'retention',
    intervalMs,
    logger,
    metrics,
    run: async (signal) => {
      const failures: unknown[] = [];
      for (const table of tables) {
        const before = new Date(Date.now() - KEEP_MS[table]);
        const statement = STATEMENTS[table];
        const values = statement.includes('$2') ? [before, uuidBoundOf(before)] : [before];
        const deleteChunk = async () => {
          const result = await pool.query(statement, values);
          deleted.inc({ table }, result.rowCount ?? 0);
          return result;
        };
        // A table that cannot be cleaned now must not let the others grow.
        await inChunks(signal, deleteChunk).catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) throw failures[0];
    },
  });
}

/** The smallest UUIDv7 of a moment (RFC 9562, section 5.7). */
export function uuidBoundOf(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

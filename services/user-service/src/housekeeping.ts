import type { Clock, Pool } from '@souk/service-runtime';
import { deleteRevocationsBefore } from './revocations/revocation-repository.ts';
import { KNOWN_ADDRESS_MS } from './sessions/log-in.ts';
import { REFRESH_GRACE_MS } from './sessions/refresh-token.ts';
import { blankEventsToldLate } from './users/erasure.ts';

/** Rows of one statement, so that none holds locks for long; a session takes its refresh tokens along, thousands maybe. */
const BATCH_MAX = 1_000;
const SESSIONS_BATCH_MAX = 100;
/** Statements of one kind in one run. */
const BATCHES_MAX = 10;
const DAY_MS = 86_400_000;

export interface HousekeepingOptions {
  pool: Pool;
  clock: Clock;
  /** How long a revocation matters. */
  revocationsKeptMs: number;
}

interface Forgetting {
  /** One statement whose $1 is the moment before which rows have had their time, and whose $2 how many rows it takes. */
  sql: string;
  keptMs: number;
  batchMax?: number;
}

/** What somebody is working on is left for the next run: a sweep must never be the reason for a deadlock. */
const doomed = (table: string, columns: string, condition: string) =>
  `SELECT ${columns} FROM ${table} WHERE ${condition} LIMIT $2 FOR UPDATE SKIP LOCKED`;

const FORGETTINGS: readonly Forgetting[] = [
  {
    sql: `UPDATE refresh_tokens SET successor_sealed = NULL
           WHERE token_hash IN (${doomed('refresh_tokens', 'token_hash', 'successor_sealed IS NOT NULL AND used_at < $1')})`,
    keptMs: REFRESH_GRACE_MS,
  },
  {
    sql: `DELETE FROM sessions WHERE id IN (${doomed('sessions', 'id', 'expires_at < $1')})`,
    keptMs: 0,
    batchMax: SESSIONS_BATCH_MAX,
  },
  {
    // For a day whoever replays a token of an ended session is still told apart in the metrics.
    sql: `DELETE FROM sessions WHERE id IN (${doomed('sessions', 'id', 'ended_at < $1')})`,
    keptMs: DAY_MS,
    batchMax: SESSIONS_BATCH_MAX,
  },
  {
    sql: `DELETE FROM password_resets
           WHERE token_hash IN (${doomed('password_resets', 'token_hash', 'expires_at < $1')})`,
    keptMs: 0,
  },
  {
    sql: `DELETE FROM known_addresses
           WHERE (user_id, address) IN (${doomed('known_addresses', 'user_id, address', 'last_success_at < $1')})`,
    keptMs: KNOWN_ADDRESS_MS,
  },
];

/** Forgets what has had its time: sealed successors, dead sessions and tokens, old addresses, erased persons' events. */
export async function runHousekeeping({ pool, clock, revocationsKeptMs }: HousekeepingOptions): Promise<void> {
  const before = (ms: number) => new Date(clock.now().getTime() - ms);
  const steps = [
    ...FORGETTINGS.map((forgetting) => () => forget(pool, forgetting, before(forgetting.keptMs))),
    () => deleteRevocationsBefore(pool, before(revocationsKeptMs)),
    () => blankEventsToldLate(pool),
  ];
  const failures: unknown[] = [];
  // One that fails every time must not keep the others, the erasure above all, from being done.
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

async function forget(pool: Pool, { sql, batchMax = BATCH_MAX }: Forgetting, before: Date): Promise<void> {
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const { rowCount } = await pool.query(sql, [before, batchMax]);
    if ((rowCount ?? 0) < batchMax) return;
  }
}

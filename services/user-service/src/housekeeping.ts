import type { Clock, Pool } from '@souk/service-runtime';
import { deleteRevocationsBefore } from './revocations/revocation-repository.ts';
import { KNOWN_ADDRESS_MS } from './sessions/log-in.ts';
import { REFRESH_GRACE_MS } from './sessions/refresh-token.ts';
import { blankEventsToldLate } from './users/erasure.ts';

/** Rows that one run deletes at most of each kind, so that no run holds locks for long. */
const BATCH_MAX = 1_000;
const DAY_MS = 86_400_000;

export interface HousekeepingOptions {
  pool: Pool;
  clock: Clock;
  /** How long a revocation matters. */
  revocationsKeptMs: number;
}

interface Forgetting {
  /** One statement whose $1 is the moment before which rows have had their time. */
  sql: string;
  keptMs: number;
}

/** What somebody is working on is left for the next run: a sweep must never be the reason for a deadlock. */
const doomed = (table: string, columns: string, condition: string) =>
  `SELECT ${columns} FROM ${table} WHERE ${condition} LIMIT ${BATCH_MAX} FOR UPDATE SKIP LOCKED`;

const FORGETTINGS: readonly Forgetting[] = [
  {
    sql: `UPDATE refresh_tokens SET successor_sealed = NULL
           WHERE token_hash IN (${doomed('refresh_tokens', 'token_hash', 'successor_sealed IS NOT NULL AND used_at < $1')})`,
    keptMs: REFRESH_GRACE_MS,
  },
  { sql: `DELETE FROM sessions WHERE id IN (${doomed('sessions', 'id', 'expires_at < $1')})`, keptMs: 0 },
  // For a day whoever replays a token of an ended session is still told apart in the metrics.
  { sql: `DELETE FROM sessions WHERE id IN (${doomed('sessions', 'id', 'ended_at < $1')})`, keptMs: DAY_MS },
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
  for (const { sql, keptMs } of FORGETTINGS) await pool.query(sql, [before(keptMs)]);
  await deleteRevocationsBefore(pool, before(revocationsKeptMs));
  await blankEventsToldLate(pool);
}

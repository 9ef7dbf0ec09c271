import type { Clock, Pool } from '@souk/service-runtime';
import { deleteRevocationsBefore } from './revocations/revocation-repository.ts';
import { KNOWN_ADDRESS_MS } from './sessions/log-in.ts';
import { REFRESH_GRACE_MS } from './sessions/refresh-token.ts';
import { blankEventsToldLate } from './users/erasure.ts';

/** Rows that one run deletes at most of each kind, so that no run holds locks for long. */
const BATCH_MAX = 1_000;

export interface HousekeepingOptions {
  pool: Pool;
  clock: Clock;
  /** How long a revocation matters. */
  revocationsKeptMs: number;
}

/** Forgets what has had its time: sealed successors, dead sessions and tokens, old addresses, erased persons' events. */
export async function runHousekeeping({ pool, clock, revocationsKeptMs }: HousekeepingOptions): Promise<void> {
  const now = clock.now().getTime();
  const before = (ms: number) => new Date(now - ms);
  await pool.query(
    `UPDATE refresh_tokens SET successor_sealed = NULL
      WHERE token_hash IN (
        SELECT token_hash FROM refresh_tokens WHERE successor_sealed IS NOT NULL AND used_at < $1 LIMIT ${BATCH_MAX})`,
    [before(REFRESH_GRACE_MS)],
  );
  // Ended sessions stay for a day: whoever replays one of their tokens is still told apart in the logs.
  await pool.query(
    `DELETE FROM sessions WHERE id IN (
       SELECT id FROM sessions WHERE expires_at < $1
        UNION ALL
       SELECT id FROM sessions WHERE ended_at < $2
       LIMIT ${BATCH_MAX})`,
    [new Date(now), before(86_400_000)],
  );
  await pool.query(
    `DELETE FROM password_resets WHERE token_hash IN (
       SELECT token_hash FROM password_resets WHERE expires_at < $1 LIMIT ${BATCH_MAX})`,
    [new Date(now)],
  );
  await pool.query(
    `DELETE FROM known_addresses WHERE (user_id, address) IN (
       SELECT user_id, address FROM known_addresses WHERE last_success_at < $1 LIMIT ${BATCH_MAX})`,
    [before(KNOWN_ADDRESS_MS)],
  );
  await deleteRevocationsBefore(pool, before(revocationsKeptMs));
  await blankEventsToldLate(pool);
}

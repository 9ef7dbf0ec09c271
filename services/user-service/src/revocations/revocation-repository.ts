import type { Queryable } from '@souk/service-runtime';

export type EndReason =
  | 'logout'
  | 'ended-by-user'
  | 'password-changed'
  | 'password-reset'
  | 'roles-changed'
  | 'disabled'
  | 'account-deleted'
  | 'refresh-token-replayed'
  | 'too-many-sessions';

export interface Revocation {
  position: number;
  sessionId: string;
  at: Date;
}

/** Which sessions: one of a user's, or all but one. */
export type SessionSelection = { userId: string; sessionId?: string; exceptSessionId?: string };

/**
 * Ends sessions and writes down that their tokens are revoked, in one statement, so that there is no moment with one
 * and not the other. Returns the ids of what it ended; to be announced once the transaction is committed.
 */
export async function endSessions(
  db: Queryable,
  selection: SessionSelection,
  end: { at: Date; reason: EndReason },
): Promise<string[]> {
  const { rows } = await db.query<{ sessionId: string }>(
    `WITH ended AS (
       UPDATE sessions SET ended_at = $4, end_reason = $5
        WHERE user_id = $1 AND ended_at IS NULL
          AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR id <> $3)
        RETURNING id),
     forgotten AS (
       UPDATE refresh_tokens SET successor_sealed = NULL
        WHERE session_id IN (SELECT id FROM ended) AND successor_sealed IS NOT NULL)
     INSERT INTO revocations (session_id, reason) SELECT id, $5 FROM ended
     RETURNING session_id AS "sessionId"`,
    [selection.userId, selection.sessionId ?? null, selection.exceptSessionId ?? null, end.at, end.reason],
  );
  return rows.map((row) => row.sessionId);
}

export interface RevocationsRead {
  items: Revocation[];
  /** The database's clock. */
  readAt: Date;
}

/** What was revoked since `since`, and what time it is there. */
export async function readRevocations(db: Queryable, since: Date | undefined): Promise<RevocationsRead> {
  const { rows } = await db.query<{ readAt: Date; position: string | null; sessionId: string; at: Date }>(
    `SELECT clock.now AS "readAt", r.position, r.session_id AS "sessionId", r.at
       FROM (SELECT clock_timestamp() AS now) AS clock
       LEFT JOIN revocations r ON r.at > $1
      ORDER BY r.position`,
    [since ?? new Date(0)],
  );
  const items = rows.flatMap(({ position, sessionId, at }) =>
    position === null ? [] : [{ position: Number(position), sessionId, at }],
  );
  return { items, readAt: rows[0]?.readAt ?? new Date() };
}

export async function deleteRevocationsBefore(db: Queryable, before: Date): Promise<void> {
  await db.query('DELETE FROM revocations WHERE at < $1', [before]);
}

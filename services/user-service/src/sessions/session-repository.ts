import type { Role } from '@souk/http';
import type { Pool, PoolClient, Queryable } from '@souk/service-runtime';
import type { EndReason } from '../revocations/revocation-repository.ts';
import type { PresentedToken } from './refresh-token.ts';

export interface NewSession {
  id: string;
  userId: string;
  /** The hash that the password was checked against: if it has changed since, no session is opened. */
  passwordHash: string;
  at: Date;
  expiresAt: Date;
  userAgent: string | null;
  ip: string;
  /** What a limit counts as the address: an IPv4 address or an IPv6 /64. */
  addressKey: string;
  refreshTokenHash: Buffer;
  refreshTokenExpiresAt: Date;
}

export interface SessionOwner {
  email: string;
  roles: Role[];
}

export interface OpenedSession extends SessionOwner {
  /** Ids of sessions that had to end for it; to be announced. */
  ended: string[];
}

/** Ending all sessions of an account is one statement, and must stay one that ends in time. */
export const SESSIONS_PER_USER_MAX = 1_000;

/**
 * Opens a session with its first refresh token and remembers the address, in one statement. The share lock makes it wait
 * for a write to the account and judge again: a session opened beside a disabling either is ended by it or never begins.
 * Of an account with as many sessions as it may have, the ones that were not used for longest end.
 */
export async function insertSession(db: Queryable, session: NewSession): Promise<OpenedSession | undefined> {
  const { rows } = await db.query<OpenedSession>(
    `WITH owner AS (
       SELECT id, email, roles FROM users WHERE id = $1 AND password_hash = $2 AND NOT disabled FOR SHARE),
     session AS (
       INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at, user_agent, ip)
       SELECT $3, id, $4, $4, $5, $6, $7 FROM owner
       RETURNING id),
     head AS (
       INSERT INTO refresh_tokens (token_hash, session_id, generation, created_at, expires_at)
       SELECT $8, id, 1, $4, $9 FROM session),
     known AS (
       INSERT INTO known_addresses (user_id, address, last_success_at)
       SELECT id, $10, $4 FROM owner
       ON CONFLICT (user_id, address) DO UPDATE SET last_success_at = excluded.last_success_at),
     surplus AS (
       SELECT s.id FROM sessions s JOIN owner ON owner.id = s.user_id
        WHERE s.ended_at IS NULL AND s.expires_at > $4
        ORDER BY s.last_used_at DESC, s.id DESC OFFSET $11),
     ended AS (
       UPDATE sessions SET ended_at = $4, end_reason = $12
        WHERE id IN (SELECT id FROM sessions WHERE id IN (SELECT id FROM surplus) FOR NO KEY UPDATE SKIP LOCKED)
        RETURNING id),
     revoked AS (
       INSERT INTO revocations (session_id, reason) SELECT id, $12 FROM ended)
     SELECT email, roles, ARRAY (SELECT id FROM ended) AS ended FROM owner`,
    [
      session.userId,
      session.passwordHash,
      session.id,
      session.at,
      session.expiresAt,
      session.userAgent,
      session.ip,
      session.refreshTokenHash,
      session.refreshTokenExpiresAt,
      session.addressKey,
      SESSIONS_PER_USER_MAX - 1,
      'too-many-sessions' satisfies EndReason,
    ],
  );
  return rows[0];
}

export interface PresentedFamily {
  presented: PresentedToken;
  sessionId: string;
  userId: string;
  sessionExpiresAt: Date;
  generation: number;
  successorSealed: Buffer | null;
  owner: SessionOwner;
}

interface FamilyRow {
  sessionId: string;
  userId: string;
  sessionExpiresAt: Date;
  endedAt: Date | null;
  disabled: boolean;
  email: string;
  roles: Role[];
  generation: number;
  expiresAt: Date;
  usedAt: Date | null;
  successorSealed: Buffer | null;
  successorUsed: boolean;
}

/**
 * Locks the family of a presented token and reads how things stand. Two statements, because a row that is read together
 * with the lock would be as old as the beginning of the wait.
 */
export async function lockFamily(tx: PoolClient, tokenHash: Buffer): Promise<PresentedFamily | undefined> {
  const locked = await tx.query(
    `SELECT id FROM sessions WHERE id = (SELECT session_id FROM refresh_tokens WHERE token_hash = $1)
     FOR NO KEY UPDATE`,
    [tokenHash],
  );
  if (locked.rowCount === 0) return undefined;
  const { rows } = await tx.query<FamilyRow>(
    `SELECT s.id AS "sessionId", s.user_id AS "userId", s.expires_at AS "sessionExpiresAt", s.ended_at AS "endedAt",
            u.disabled, u.email, u.roles,
            t.generation, t.expires_at AS "expiresAt", t.used_at AS "usedAt", t.successor_sealed AS "successorSealed",
            coalesce(n.used_at IS NOT NULL, false) AS "successorUsed"
       FROM refresh_tokens t
       JOIN sessions s ON s.id = t.session_id
       JOIN users u ON u.id = s.user_id
       LEFT JOIN refresh_tokens n ON n.session_id = t.session_id AND n.generation = t.generation + 1
      WHERE t.token_hash = $1`,
    [tokenHash],
  );
  const row = rows[0];
  return row === undefined ? undefined : toPresentedFamily(row);
}

function toPresentedFamily(row: FamilyRow): PresentedFamily {
  const family = { ended: row.endedAt !== null, expiresAt: row.sessionExpiresAt, userDisabled: row.disabled };
  return {
    presented:
      row.usedAt === null
        ? { state: 'head', expiresAt: row.expiresAt, family }
        : {
            state: 'used',
            usedAt: row.usedAt,
            sealed: row.successorSealed !== null,
            successorUsed: row.successorUsed,
            family,
          },
    sessionId: row.sessionId,
    userId: row.userId,
    sessionExpiresAt: row.sessionExpiresAt,
    generation: row.generation,
    successorSealed: row.successorSealed,
    owner: { email: row.email, roles: row.roles },
  };
}

export interface Rotation {
  sessionId: string;
  presentedHash: Buffer;
  successorHash: Buffer;
  successorSealed: Buffer;
  generation: number;
  at: Date;
  expiresAt: Date;
  userAgent: string | null;
  ip: string;
}

/** Uses the head up and puts its successor in its place; the index refresh_tokens_one_head holds them to be one. */
export async function rotateHead(tx: PoolClient, rotation: Rotation): Promise<void> {
  await tx.query(
    `WITH used AS (
       UPDATE refresh_tokens SET used_at = $2, successor_sealed = $3 WHERE token_hash = $1 AND used_at IS NULL
       RETURNING session_id),
     older AS (
       UPDATE refresh_tokens SET successor_sealed = NULL
        WHERE session_id = $9 AND successor_sealed IS NOT NULL AND token_hash <> $1),
     session AS (
       UPDATE sessions SET last_used_at = $2, user_agent = $7, ip = $8 WHERE id = $9)
     INSERT INTO refresh_tokens (token_hash, session_id, generation, created_at, expires_at)
     SELECT $4, session_id, $5, $2, $6 FROM used`,
    [
      rotation.presentedHash,
      rotation.at,
      rotation.successorSealed,
      rotation.successorHash,
      rotation.generation,
      rotation.expiresAt,
      rotation.userAgent,
      rotation.ip,
      rotation.sessionId,
    ],
  );
}

/** Whether the session's tokens are good: neither ended nor expired. */
export async function isSessionLive(db: Queryable, sessionId: string, now: Date): Promise<boolean> {
  const { rowCount } = await db.query('SELECT 1 FROM sessions WHERE id = $1 AND ended_at IS NULL AND expires_at > $2', [
    sessionId,
    now,
  ]);
  return rowCount === 1;
}

export async function touchSession(db: Queryable, sessionId: string, at: Date): Promise<void> {
  await db.query('UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2 AND ended_at IS NULL', [
    sessionId,
    at,
  ]);
}

export interface SessionRow {
  id: string;
  createdAt: Date;
  lastUsedAt: Date;
  userAgent: string | null;
  ip: string | null;
}

export interface SessionPageQuery {
  userId: string;
  now: Date;
  after: { createdAt: Date; id: string } | undefined;
  limit: number;
}

/** The live sessions of a user, newest first, one more than `limit`, and how many there are in all. */
export async function listSessionRows(
  pool: Pool,
  query: SessionPageQuery,
): Promise<{ rows: SessionRow[]; total: number }> {
  const [page, count] = await Promise.all([
    pool.query<SessionRow>(
      `SELECT id, created_at AS "createdAt", last_used_at AS "lastUsedAt", user_agent AS "userAgent", ip
         FROM sessions
        WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2
          AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $5`,
      [query.userId, query.now, query.after?.createdAt ?? null, query.after?.id ?? null, query.limit + 1],
    ),
    pool.query<{ total: number }>(
      `SELECT count(*)::int AS total FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2`,
      [query.userId, query.now],
    ),
  ]);
  return { rows: page.rows, total: count.rows[0]?.total ?? 0 };
}

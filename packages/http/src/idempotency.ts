import assert from 'node:assert';
import { createHash } from 'node:crypto';
import { Refusal } from '@souk/contracts';
import type { Queryable } from '@souk/service-runtime';
import type { Reply, ReplyHeaders } from './reply.ts';

const LOCK_MS_DEFAULT = 30_000;
const LOCK_MS_MAX = 60_000;
/** How often a row may appear or vanish between two looks before we call the key busy. */
const LOOKS_MAX = 3;

export interface IdempotentRequest {
  userId: string;
  method: string;
  /** The path itself, not its template: refunds of two payments are two scopes. */
  path: string;
  /** `request.idempotencyKey` */
  key: string;
  /** `fingerprintOf(body)` */
  fingerprint: string;
  newId: () => string;
  /** A crashed request's key is free again after this, in milliseconds. Default 30,000, at most 60,000. */
  lockMs?: number;
  /**
   * Noted with the key by the same statement, where it has nothing noted yet: the id of the thing to be made and what was
   * resolved for it. A resumed try gets what the first one noted.
   */
  initial?: { resourceId: string; state: unknown };
  /**
   * False: the key is noted without waiting for the disk. It survives the process, and is lost with the database server
   * where nothing was committed after it; for callers that may start over then. Default true.
   */
  flush?: boolean;
}

/** What the row of a key holds, and so what to do. */
export type IdempotentStart =
  /** The key is ours: do the work; `resumed` = an earlier try crashed, go on from what it saved. */
  | { kind: 'started' | 'resumed'; id: string; resourceId: string | undefined; state: unknown }
  /** Done already: answer this, byte for byte. */
  | { kind: 'replay'; status: number; body: string | undefined; headers: ReplyHeaders }
  | { kind: 'running'; retryAfterSeconds: number }
  | { kind: 'reused' };

/**
 * One statement takes the key where it is free: new, older than the 24 h that keys are kept, or left by a try that ended
 * without an answer (its lock has run out) and had the same body. Where it is not free, the row says why. The conflicting
 * row may have been committed after this statement's snapshot: then nothing comes back, and the caller looks again.
 */
const TAKE = `
WITH taken AS (
  INSERT INTO idempotency_keys AS known (id, user_id, method, path, key, fingerprint, locked_until, resource_id, state)
  SELECT $1, $2, $3, $4, $5, $6, now() + $7 * interval '1 millisecond', $8, $9
  WHERE set_config('synchronous_commit', coalesce($10, current_setting('synchronous_commit')), true) IS NOT NULL
  ON CONFLICT (user_id, method, path, key) DO UPDATE SET
    locked_until = EXCLUDED.locked_until,
    id = CASE WHEN known.created_at < now() - interval '24 hours' THEN EXCLUDED.id ELSE known.id END,
    fingerprint = EXCLUDED.fingerprint,
    resource_id = CASE WHEN known.created_at < now() - interval '24 hours' THEN EXCLUDED.resource_id
      ELSE coalesce(known.resource_id, EXCLUDED.resource_id) END,
    state = CASE WHEN known.created_at < now() - interval '24 hours' THEN EXCLUDED.state
      ELSE coalesce(known.state, EXCLUDED.state) END,
    response_status = NULL, response_body = NULL, response_headers = NULL,
    created_at = CASE WHEN known.created_at < now() - interval '24 hours' THEN now() ELSE known.created_at END
  WHERE known.created_at < now() - interval '24 hours'
     OR (known.response_status IS NULL AND known.fingerprint = EXCLUDED.fingerprint AND known.locked_until <= now())
  RETURNING id, resource_id, state
)
SELECT true AS ours, id, resource_id, state, fingerprint_given AS fingerprint, NULL::integer AS response_status,
  NULL AS response_body, NULL AS response_headers, 0 AS locked_seconds
FROM taken, (SELECT $6::text AS fingerprint_given) AS given
UNION ALL
SELECT false, id, resource_id, state, fingerprint, response_status, response_body, response_headers,
  ceil(extract(epoch FROM locked_until - now()))::integer
FROM idempotency_keys
WHERE user_id = $2 AND method = $3 AND path = $4 AND key = $5 AND NOT EXISTS (SELECT FROM taken)`;

interface KeyRow {
  ours: boolean;
  id: string;
  resource_id: string | null;
  state: string | null;
  fingerprint: string;
  response_status: number | null;
  response_body: string | null;
  response_headers: string | null;
  locked_seconds: number;
}

/** Takes the key. Outside of a transaction it is one statement that commits by itself, so that a crash leaves the lock. */
export async function beginIdempotent(db: Queryable, request: IdempotentRequest): Promise<IdempotentStart> {
  const { userId, method, path, key, fingerprint, newId, lockMs = LOCK_MS_DEFAULT, initial, flush = true } = request;
  assert(lockMs > 0 && lockMs <= LOCK_MS_MAX, `lockMs must be from 1 to ${LOCK_MS_MAX}`);
  const id = newId();
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const { rows } = await db.query<KeyRow>({
      name: 'take key',
      text: TAKE,
      values: [
        ...[id, userId, method, path, key, fingerprint, lockMs],
        initial?.resourceId ?? null,
        initial === undefined ? null : JSON.stringify(initial.state),
        flush ? null : 'off',
      ],
    });
    const row = rows[0];
    if (row === undefined) continue;
    if (row.ours) return ownStart(row, id);
    if (row.fingerprint !== fingerprint) return { kind: 'reused' };
    if (row.response_status !== null) {
      const headers = row.response_headers === null ? {} : (JSON.parse(row.response_headers) as ReplyHeaders);
      return { kind: 'replay', status: row.response_status, body: row.response_body ?? undefined, headers };
    }
    if (row.locked_seconds > 0) return { kind: 'running', retryAfterSeconds: row.locked_seconds };
  }
  return { kind: 'running', retryAfterSeconds: 1 };
}

function ownStart(row: KeyRow, newId: string): IdempotentStart {
  const state: unknown = row.state === null ? undefined : JSON.parse(row.state);
  return {
    kind: row.id === newId ? 'started' : 'resumed',
    id: row.id,
    resourceId: row.resource_id ?? undefined,
    state,
  };
}

/**
 * Stores the answer, in the transaction that makes it true. Throws `Refusal` `idempotency-in-progress` where somebody else
 * has answered meanwhile (this try was frozen for longer than its lock): the transaction must roll back.
 */
export async function completeIdempotent(
  db: Queryable,
  id: string,
  answer: { status: number; body?: unknown; headers?: ReplyHeaders },
): Promise<void> {
  const { status, body, headers } = answer;
  const { rowCount } = await db.query(
    `UPDATE idempotency_keys SET response_status = $2, response_body = $3, response_headers = $4
     WHERE id = $1 AND response_status IS NULL`,
    [
      id,
      status,
      body === undefined ? null : JSON.stringify(body),
      headers === undefined ? null : JSON.stringify(headers),
    ],
  );
  if (rowCount !== 1) throw inProgress(1);
}

/** Keeps what a resumed try needs: the id of the thing being made, what was resolved already. Null clears. */
export async function saveIdempotentState(
  db: Queryable,
  id: string,
  saved: { resourceId?: string | null; state?: unknown },
): Promise<void> {
  await db.query(
    `UPDATE idempotency_keys SET
       resource_id = CASE WHEN $2 THEN $3::uuid ELSE resource_id END,
       state = CASE WHEN $4 THEN $5 ELSE state END
     WHERE id = $1 AND response_status IS NULL`,
    [
      id,
      saved.resourceId !== undefined,
      saved.resourceId ?? null,
      saved.state !== undefined,
      saved.state === undefined || saved.state === null ? null : JSON.stringify(saved.state),
    ],
  );
}

/**
 * Frees the key after an answer that is not stored (404, 429, 5xx). Without saved state the next try starts over, even
 * with another body; with it the next try resumes. `forget` drops the state too.
 */
export async function abandonIdempotent(db: Queryable, id: string, options: { forget?: boolean } = {}): Promise<void> {
  await db.query(
    `WITH forgotten AS (
       DELETE FROM idempotency_keys
       WHERE id = $1 AND response_status IS NULL AND ($2 OR (resource_id IS NULL AND state IS NULL))
     )
     UPDATE idempotency_keys SET locked_until = now()
     WHERE id = $1 AND response_status IS NULL AND NOT ($2 OR (resource_id IS NULL AND state IS NULL))`,
    [id, options.forget ?? false],
  );
}

/** SHA-256 over the body as parsed JSON: neither white space nor the order of fields matters. */
export function fingerprintOf(body: unknown): string {
  return createHash('sha256').update(canonicalJson(body)).digest('hex');
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, member]) => member !== undefined);
  // By code unit, which is RFC 8785's order.
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}

/** The answer to a start that is not ours to work on, or undefined; throws the Refusal for `running` and `reused`. */
export function replayReply(start: IdempotentStart): Reply | undefined {
  if (start.kind === 'running') throw inProgress(start.retryAfterSeconds);
  if (start.kind === 'reused') {
    throw new Refusal('idempotency-key-reused', 'Expected the body that this Idempotency-Key was first used with');
  }
  if (start.kind !== 'replay') return undefined;
  const headers = { ...start.headers, 'idempotent-replayed': 'true' };
  return start.body === undefined
    ? { status: start.status, headers }
    : { status: start.status, bodyText: start.body, headers };
}

function inProgress(retryAfterSeconds: number): Refusal {
  return new Refusal('idempotency-in-progress', 'A request with this Idempotency-Key is still running', {
    retryAfterSeconds,
  });
}

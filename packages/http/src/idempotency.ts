import type { Queryable } from '@souk/service-runtime';
import type { Reply } from './reply.ts';

export interface IdempotentRequest {
  userId: string;
  method: string;
  path: string;
  /** `request.idempotencyKey` */
  key: string;
  /** `fingerprintOf(body)` */
  fingerprint: string;
  newId: () => string;
  /** A crashed request's key is free again after this, in milliseconds. Default 30,000, at most 60,000. */
  lockMs?: number;
}

/** What the row of a key holds, and so what to do. */
export type IdempotentStart =
  /** The key is ours: do the work; `resumed` = an earlier try crashed, go on from what it saved. */
  | { kind: 'started' | 'resumed'; id: string; resourceId: string | undefined; state: unknown }
  /** Done already: answer this, byte for byte. */
  | { kind: 'replay'; status: number; body: string | undefined; headers: Record<string, string> }
  | { kind: 'running'; retryAfterSeconds: number }
  | { kind: 'reused' };

/** Takes the key, in one statement that commits by itself. */
export function beginIdempotent(_db: Queryable, _request: IdempotentRequest): Promise<IdempotentStart> {
  return undefined as never;
}

/** Stores the answer; in the transaction that makes it true. */
export function completeIdempotent(
  _db: Queryable,
  _id: string,
  _answer: { status: number; body?: unknown; headers?: Record<string, string> },
): Promise<void> {
  return undefined as never;
}

/** Keeps what a resumed try needs: the id of the thing being made, lines already resolved. */
export function saveIdempotentState(
  _db: Queryable,
  _id: string,
  _saved: { resourceId?: string | null; state?: unknown },
): Promise<void> {
  return undefined as never;
}

/** Frees the key after an answer that is not stored (404, 429, 5xx): the next try starts over, or resumes what was saved. */
export function abandonIdempotent(_db: Queryable, _id: string): Promise<void> {
  return undefined as never;
}

/** SHA-256 over the body as parsed JSON: neither white space nor the order of fields matters. */
export function fingerprintOf(_body: unknown): string {
  return undefined as never;
}

/** The answer to a start that is not ours to work on, or undefined; throws the Refusal for `running` and `reused`. */
export function replayReply(_start: IdempotentStart): Reply | undefined {
  return undefined as never;
}

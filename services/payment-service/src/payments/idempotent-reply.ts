import assert from 'node:assert';
import { PROBLEMS, Refusal } from '@souk/contracts';
import {
  abandonIdempotent,
  beginIdempotent,
  type Caller,
  completeIdempotent,
  fingerprintOf,
  problemReply,
  type Reply,
  type RequestContext,
  replayReply,
} from '@souk/http';
import type { Pool, PoolClient } from '@souk/service-runtime';

export interface IdempotentWork {
  pool: Pool;
  newId: () => string;
  caller: Caller;
  request: RequestContext & { idempotencyKey: string };
  body: unknown;
  /** Does the work and keeps the answer by `complete`, in the transaction that makes it true. */
  work: (complete: (tx: PoolClient, answer: Reply) => Promise<void>) => Promise<Reply>;
}

/** Does the work of one Idempotency-Key once: later requests get the stored answer, which a refusal by state is too. */
export async function replyOnce(options: IdempotentWork): Promise<Reply> {
  const { pool, newId, caller, request, body } = options;
  const start = await beginIdempotent(pool, {
    userId: caller.userId,
    method: request.method,
    path: request.path,
    key: request.idempotencyKey,
    fingerprint: fingerprintOf(body),
    newId,
  });
  if (start.kind !== 'started' && start.kind !== 'resumed') {
    const stored = replayReply(start);
    assert(stored !== undefined, `${start.kind} is answered or refused`);
    return stored;
  }
  try {
    return await options.work((tx, answer) => completeIdempotent(tx, start.id, answer));
  } catch (error) {
    if (error instanceof Refusal && isDecidedByState(error)) {
      const answer = problemReply(error, request);
      await completeIdempotent(pool, start.id, answer);
      return answer;
    }
    await abandonIdempotent(pool, start.id).catch(() => {});
    throw error;
  }
}

/** 409 and 422 that the state decided are answers to keep; 404, 429, 5xx, and what is about the key itself, are not. */
function isDecidedByState({ code }: Refusal): boolean {
  const { status } = PROBLEMS[code];
  return (status === 409 || status === 422) && code !== 'validation' && code !== 'idempotency-in-progress';
}

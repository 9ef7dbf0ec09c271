import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEvent } from '@souk/contracts';
import type { RateLimiter, Sealer } from '@souk/http';
import { insertOutbox } from '@souk/outbox';
import { type Clock, type Pool, transaction } from '@souk/service-runtime';
import { canonicalEmail } from '../users/email.ts';
import { findResettable, insertPasswordReset } from './password-repository.ts';
import { hashResetToken, RESET_TOKEN_BYTES } from './reset-token.ts';

/** Links of one account that work at the same time; who has them all in the mailbox needs no further one. */
const RESETS_PER_USER_MAX = 5;
/**
 * An answer comes after this or, under load, a multiple of it. Writing for a known account costs a commit to disk, which
 * nothing for an unknown one could imitate; waiting hides it.
 */
const ANSWER_STEP_MS = 40;

export interface RequestPasswordReset {
  email: string;
  traceparent?: string | undefined;
}

export interface RequestPasswordResetDeps {
  pool: Pool;
  /** Opened by notification-service when it mails, and by nobody else. */
  sealer: Sealer;
  accountLimit: Pick<RateLimiter, 'consume'>;
  clock: Clock;
  newId: () => string;
  ttlMs: number;
  wakeRelay: () => void;
}

/** Has a link mailed if there is such an account; tells the caller nothing, neither by its answer nor by its time. */
export async function requestPasswordReset(
  deps: RequestPasswordResetDeps,
  command: RequestPasswordReset,
): Promise<void> {
  const startedMs = performance.now();
  const emailCanonical = canonicalEmail(command.email);
  await deps.accountLimit.consume(emailCanonical);
  try {
    await writeReset(deps, emailCanonical, command.traceparent);
  } finally {
    const elapsedMs = performance.now() - startedMs;
    await sleep(Math.ceil(elapsedMs / ANSWER_STEP_MS) * ANSWER_STEP_MS - elapsedMs);
  }
}

async function writeReset(
  deps: RequestPasswordResetDeps,
  emailCanonical: string,
  traceparent: string | undefined,
): Promise<void> {
  const owner = await findResettable(deps.pool, emailCanonical);
  const token = randomBytes(RESET_TOKEN_BYTES).toString('base64url');
  const sealedToken = await deps.sealer.seal(token);
  const now = deps.clock.now();
  const expiresAt = new Date(now.getTime() + deps.ttlMs);
  const userId = owner?.userId ?? randomUUID();
  const isWritten = await transaction(deps.pool, async (tx) => {
    const reset = { tokenHash: hashResetToken(token), userId, createdAt: now, expiresAt };
    // For an unknown account the same statement runs and writes nothing; so does one for an account that was just deleted.
    if (!(await insertPasswordReset(tx, reset, RESETS_PER_USER_MAX)) || owner === undefined) return false;
    const event = createEvent({
      id: deps.newId(),
      type: 'user.password_reset_requested',
      subject: userId,
      time: now,
      traceparent,
      data: { userId, email: owner.email, name: owner.name, sealedToken, expiresAt: expiresAt.toISOString() },
    });
    await insertOutbox(tx, [event]);
    return true;
  });
  if (isWritten) deps.wakeRelay();
}

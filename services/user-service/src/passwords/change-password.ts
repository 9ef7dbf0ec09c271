import { Refusal } from '@souk/contracts';
import type { Caller, RateLimiter } from '@souk/http';
import { type Clock, type Logger, type Pool, transaction } from '@souk/service-runtime';
import { endSessions } from '../revocations/revocation-repository.ts';
import type { SessionLiveness } from '../sessions/session-liveness.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { PasswordPolicy } from './password-policy.ts';
import { findPasswordOwner, type PasswordOwner, updatePassword } from './password-repository.ts';

export interface ChangePassword {
  caller: Caller;
  currentPassword: string;
  newPassword: string;
  signal?: AbortSignal | undefined;
}

export interface ChangePasswordDeps {
  pool: Pool;
  hasher: PasswordHasher;
  policy: PasswordPolicy;
  wrongPasswordLimit: Pick<RateLimiter, 'consume' | 'reset'>;
  liveness: Pick<SessionLiveness, 'announceEnded'>;
  clock: Clock;
  logger: Logger;
}

/** Sets a new password and ends every session but the caller's. */
export async function changePassword(deps: ChangePasswordDeps, command: ChangePassword): Promise<void> {
  const { userId, sessionId } = command.caller;
  const owner = await findPasswordOwner(deps.pool, userId);
  if (owner === undefined) throw new Refusal('unauthorized', 'The account does not exist any more');
  deps.policy.assertHardToGuess(command.newPassword, owner, '/newPassword');
  await assertCurrentPassword(deps, owner, command);
  const passwordHash = await deps.hasher.hash(command.newPassword, command.signal);
  const ended = await transaction(deps.pool, async (tx) => {
    if (!(await updatePassword(tx, { userId, passwordHash, expectedHash: owner.passwordHash }))) return undefined;
    const end = { at: deps.clock.now(), reason: 'password-changed' } as const;
    return endSessions(tx, { userId, exceptSessionId: sessionId }, end);
  });
  if (ended === undefined) throw wrongCurrentPassword();
  deps.logger.info({ userId, audit: true }, 'Changed a password');
  await deps.liveness.announceEnded(ended);
}

/**
 * Who holds a token must not be able to guess the password behind it: every try counts before it is judged, so that a right
 * one beyond the limit tells nothing either. A right one within it takes the count back.
 */
async function assertCurrentPassword(
  { hasher, wrongPasswordLimit, logger }: ChangePasswordDeps,
  owner: PasswordOwner,
  { currentPassword, signal }: ChangePassword,
): Promise<void> {
  await wrongPasswordLimit.consume(owner.userId);
  if (!(await hasher.verify(owner.passwordHash, currentPassword, signal))) throw wrongCurrentPassword();
  await wrongPasswordLimit.reset(owner.userId).catch((error: unknown) => {
    logger.debug({ error }, 'Could not take back the count of a right password');
  });
}

function wrongCurrentPassword(): Refusal {
  return new Refusal('validation', 'The current password is wrong', {
    errors: [{ pointer: '/currentPassword', detail: 'expected the current password' }],
  });
}

import { Refusal } from '@souk/contracts';
import { type Clock, type Logger, type Pool, transaction } from '@souk/service-runtime';
import { endSessions } from '../revocations/revocation-repository.ts';
import type { SessionLiveness } from '../sessions/session-liveness.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { PasswordPolicy } from './password-policy.ts';
import { findResetOwner, takePasswordReset, updatePassword } from './password-repository.ts';
import { hashResetToken } from './reset-token.ts';

export interface ConfirmPasswordReset {
  token: string;
  newPassword: string;
  signal?: AbortSignal | undefined;
}

export interface ConfirmPasswordResetDeps {
  pool: Pool;
  hasher: PasswordHasher;
  policy: PasswordPolicy;
  liveness: Pick<SessionLiveness, 'announceEnded'>;
  clock: Clock;
  logger: Logger;
}

/** Sets a new password by the token of a mail, which works once, and ends every session of the account. */
export async function confirmPasswordReset(
  deps: ConfirmPasswordResetDeps,
  command: ConfirmPasswordReset,
): Promise<void> {
  const tokenHash = hashResetToken(command.token);
  // Asked before the hash, so that made-up tokens cost no Argon2; the transaction decides.
  const owner = await findResetOwner(deps.pool, tokenHash, deps.clock.now());
  if (owner === undefined) throw invalidResetToken();
  deps.policy.assertHardToGuess(command.newPassword, owner, '/newPassword');
  const passwordHash = await deps.hasher.hash(command.newPassword, command.signal);
  const { userId } = owner;
  const ended = await transaction(deps.pool, async (tx) => {
    const now = deps.clock.now();
    // The account's row first, as every other writer does.
    await tx.query('SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE', [userId]);
    if (!(await takePasswordReset(tx, tokenHash, now))) return undefined;
    await updatePassword(tx, { userId, passwordHash });
    return endSessions(tx, { userId }, { at: now, reason: 'password-reset' });
  });
  if (ended === undefined) throw invalidResetToken();
  deps.logger.info({ userId, audit: true }, 'Reset a password');
  await deps.liveness.announceEnded(ended);
}

function invalidResetToken(): Refusal {
  return new Refusal('invalid-reset-token', 'The reset token is unknown, used or expired');
}

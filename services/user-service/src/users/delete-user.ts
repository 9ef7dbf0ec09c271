import { createEvent, Refusal } from '@souk/contracts';
import type { Caller } from '@souk/http';
import { insertOutbox } from '@souk/outbox';
import { type Clock, type Logger, type Pool, type PoolClient, transaction } from '@souk/service-runtime';
import { endSessions } from '../revocations/revocation-repository.ts';
import type { SessionLiveness } from '../sessions/session-liveness.ts';
import { assertAnotherAdministrator, lockAdministrators } from './administrators.ts';
import { blankToldEvents } from './erasure.ts';
import { lockUser } from './user-repository.ts';

export interface DeleteUserDeps {
  pool: Pool;
  liveness: Pick<SessionLiveness, 'announceEnded'>;
  clock: Clock;
  newId: () => string;
  wakeRelay: () => void;
  logger: Logger;
}

/**
 * Erases the caller's account here and tells everybody else to do so (`user.deleted`), in one transaction. Its
 * revocations stay, because its tokens outlive it.
 */
export async function deleteUser(deps: DeleteUserDeps, caller: Caller, traceparent?: string): Promise<void> {
  const ended = await transaction(deps.pool, (tx) => deleteInTransaction(tx, deps, { caller, traceparent }));
  deps.logger.info({ userId: caller.userId, audit: true }, 'Deleted an account');
  deps.wakeRelay();
  await deps.liveness.announceEnded(ended);
}

async function deleteInTransaction(
  tx: PoolClient,
  deps: DeleteUserDeps,
  { caller, traceparent }: { caller: Caller; traceparent: string | undefined },
): Promise<string[]> {
  if (caller.roles.includes('admin')) await lockAdministrators(tx);
  const user = await lockUser(tx, caller.userId);
  if (user === undefined) throw new Refusal('unauthorized', 'The account does not exist any more');
  if (user.roles.includes('admin')) {
    // Again for one who became an administrator since the token was issued; the lock is re-entrant.
    await lockAdministrators(tx);
    await assertAnotherAdministrator(tx, user.id);
  }
  const now = deps.clock.now();
  const ended = await endSessions(tx, { userId: user.id }, { at: now, reason: 'account-deleted' });
  await tx.query('DELETE FROM users WHERE id = $1', [user.id]);
  await blankToldEvents(tx, user.id);
  const event = createEvent({
    id: deps.newId(),
    type: 'user.deleted',
    subject: user.id,
    time: now,
    traceparent,
    data: { userId: user.id },
  });
  await insertOutbox(tx, [event]);
  return ended;
}

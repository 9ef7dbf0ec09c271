import { Refusal } from '@souk/contracts';
import type { Caller, Role } from '@souk/http';
import { type Clock, type Logger, type Pool, type PoolClient, transaction } from '@souk/service-runtime';
import { endSessions } from '../revocations/revocation-repository.ts';
import type { SessionLiveness } from '../sessions/session-liveness.ts';
import { assertAnotherAdministrator, lockAdministrators } from './administrators.ts';
import { fromUserRow, USER_COLUMNS, type User } from './user.ts';
import { lockUser } from './user-repository.ts';

export interface AccountChange {
  roles?: readonly Role[] | undefined;
  disabled?: boolean | undefined;
}

export interface ChangeAccount {
  id: string;
  change: AccountChange;
  /** The administrator; undefined for the command line. */
  by: Pick<Caller, 'userId'> | undefined;
}

export interface ChangeAccountDeps {
  pool: Pool;
  liveness: Pick<SessionLiveness, 'announceEnded'>;
  clock: Clock;
  logger: Logger;
}

/** What a change means for an account, decided without looking at anybody else. */
export type AccountDecision = {
  roles: Role[];
  disabled: boolean;
  /** Takes an administrator away: somebody else must remain. */
  losesAdministrator: boolean;
  /** Tokens carry roles, and a disabled account has none: every session ends. */
  endsSessions: boolean;
};

/** Throws `Refusal` `last-admin` where administrators would lock themselves out. */
export function decideAccountChange(user: User, change: AccountChange, byUserId: string | undefined): AccountDecision {
  const roles = change.roles === undefined ? user.roles : sortedRoles(change.roles);
  const disabled = change.disabled ?? user.disabled;
  const isAdministrator = (state: { roles: readonly Role[]; disabled: boolean }) =>
    state.roles.includes('admin') && !state.disabled;
  const losesAdministrator = isAdministrator(user) && !isAdministrator({ roles, disabled });
  if (losesAdministrator && byUserId === user.id) {
    throw new Refusal('last-admin', 'Administrators cannot take the role from themselves');
  }
  const endsSessions = disabled !== user.disabled || roles.join() !== user.roles.join();
  return { roles, disabled, losesAdministrator, endsSessions };
}

function sortedRoles(roles: readonly Role[]): Role[] {
  return (['customer', 'admin'] as const).filter((role) => roles.includes(role));
}

/** Changes roles or access of an account and ends its sessions where that makes its tokens wrong. */
export async function changeAccount(deps: ChangeAccountDeps, command: ChangeAccount): Promise<User> {
  const { user, ended, decision } = await transaction(deps.pool, (tx) => changeInTransaction(tx, deps, command));
  if (decision.endsSessions) {
    deps.logger.info(
      { userId: user.id, roles: user.roles, disabled: user.disabled, by: command.by?.userId, audit: true },
      'Changed an account',
    );
  }
  await deps.liveness.announceEnded(ended);
  return user;
}

async function changeInTransaction(tx: PoolClient, deps: ChangeAccountDeps, { id, change, by }: ChangeAccount) {
  await lockAdministrators(tx);
  if (by !== undefined) await assertStillAdministrator(tx, by.userId);
  const user = await lockUser(tx, id);
  if (user === undefined) throw new Refusal('not-found', 'No such user');
  const decision = decideAccountChange(user, change, by?.userId);
  if (decision.losesAdministrator) await assertAnotherAdministrator(tx, id);
  const now = deps.clock.now();
  const { rows } = await tx.query<User>(
    `UPDATE users SET roles = $2, disabled = $3, version = version + 1, updated_at = $4 WHERE id = $1
     RETURNING ${USER_COLUMNS}`,
    [id, decision.roles, decision.disabled, now],
  );
  if (decision.disabled) await tx.query('DELETE FROM password_resets WHERE user_id = $1', [id]);
  const reason = decision.disabled ? 'disabled' : 'roles-changed';
  const ended = decision.endsSessions ? await endSessions(tx, { userId: id }, { at: now, reason }) : [];
  return { user: fromUserRow(rows[0] ?? user), ended, decision };
}

/** The token may be older than the moment in which its holder lost the role. */
async function assertStillAdministrator(tx: PoolClient, userId: string): Promise<void> {
  const { rowCount } = await tx.query(`SELECT 1 FROM users WHERE id = $1 AND 'admin' = ANY (roles) AND NOT disabled`, [
    userId,
  ]);
  if (rowCount === 0) throw new Refusal('forbidden', 'Expected the role admin');
}

import type { Role } from '@souk/http';
import { type ChangeAccountDeps, changeAccount } from './change-account.ts';
import { canonicalEmail, emailSchema } from './email.ts';

export type GrantOutcome = { ok: true; changed: boolean } | { ok: false; reason: string };

/** Makes an existing account an administrator: the way to production's first one. Its sessions end, as their roles are old. */
export async function grantAdmin(deps: ChangeAccountDeps, email: string): Promise<GrantOutcome> {
  if (!emailSchema.safeParse(email).success)
    return { ok: false, reason: `${JSON.stringify(email)} is no e-mail address` };
  const { rows } = await deps.pool.query<{ id: string; roles: Role[]; disabled: boolean }>(
    'SELECT id, roles, disabled FROM users WHERE email_canonical = $1',
    [canonicalEmail(email)],
  );
  const found = rows[0];
  if (found === undefined) return { ok: false, reason: `There is no account ${email}; register it first` };
  if (found.disabled) return { ok: false, reason: `The account ${email} is disabled` };
  if (found.roles.includes('admin')) return { ok: true, changed: false };
  await changeAccount(deps, { id: found.id, change: { roles: [...found.roles, 'admin'] }, by: undefined });
  return { ok: true, changed: true };
}

import { Refusal } from '@souk/contracts';
import type { Queryable } from '@souk/service-runtime';

/**
 * Whoever may take an administrator away does so one after the other: two who take the role from each other at the same
 * moment would both see the other one remain. Taken before any row, so that nobody waits in a circle.
 */
export async function lockAdministrators(tx: Queryable): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('user-service:administrators'))`);
}

/** Throws `Refusal` `last-admin` when nobody else could administrate. Needs `lockAdministrators`. */
export async function assertAnotherAdministrator(tx: Queryable, userId: string): Promise<void> {
  const { rowCount } = await tx.query(
    `SELECT 1 FROM users WHERE 'admin' = ANY (roles) AND NOT disabled AND id <> $1 LIMIT 1`,
    [userId],
  );
  if (rowCount === 0) throw new Refusal('last-admin', 'The last administrator must stay one');
}

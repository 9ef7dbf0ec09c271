import { eraseFromDeadLetters, inChunks, ROWS_PER_STATEMENT } from '@souk/outbox';
import type { Queryable } from '@souk/service-runtime';

/**
 * Policy: when a user is deleted then messages about the account are not sent any more, and the addresses of all that has
 * ended are blanked. News of an order that is still open goes out before, so `eraseContacts` is repeated.
 */
export async function eraseUsers(db: Queryable, userIds: readonly string[]): Promise<void> {
  await db.query(
    `INSERT INTO erased_users (user_id) SELECT DISTINCT unnest($1::uuid[]) ON CONFLICT (user_id) DO NOTHING`,
    [userIds],
  );
  await eraseFromDeadLetters(db, userIds);
  await db.query(
    `UPDATE deliveries SET status = 'discarded', ended_at = now(), lease_id = NULL, last_error = 'The user was deleted'
     WHERE user_id = ANY($1::uuid[]) AND status = 'pending' AND order_id IS NULL`,
    [userIds],
  );
  await eraseContacts(db, userIds);
}

/** Blanks what is left of these erased users in messages that have ended. Answers how many there were. */
export async function eraseContacts(db: Queryable, userIds: readonly string[]): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE deliveries SET recipient = '', content = '{}'
     WHERE user_id = ANY($1::uuid[]) AND status <> 'pending' AND (recipient <> '' OR content <> '{}')`,
    [userIds],
  );
  return rowCount ?? 0;
}

/** How long it can be seen that a message went out. */
const KEEP_MS = 30 * 24 * 60 * 60 * 1_000;

/** Deletes all messages that ended long ago. Answers how many there were. */
export function deleteOldDeliveries(db: Queryable, now: Date, signal: AbortSignal): Promise<number> {
  return inChunks(signal, () =>
    db.query(
      `DELETE FROM deliveries WHERE ctid = ANY(ARRAY(
         SELECT ctid FROM deliveries WHERE ended_at < $1 ORDER BY ended_at LIMIT ${ROWS_PER_STATEMENT}))`,
      [new Date(now.getTime() - KEEP_MS)],
    ),
  );
}

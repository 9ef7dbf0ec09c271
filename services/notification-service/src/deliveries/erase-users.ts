import { eraseFromDeadLetters } from '@souk/outbox';
import type { Queryable } from '@souk/service-runtime';

/**
 * Policy: when a user is deleted then messages about the account are not sent any more, and the addresses of all that has
 * ended are blanked. News of an order that is still open goes out before, so `eraseContacts` repeats.
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
  await eraseContacts(db);
}

/** An order lives no longer, and so no news of a user who was erased that long ago is still to come. */
const ERASED_WITHIN_DAYS = 180;

/** Blanks what is left of erased users in messages that have ended. Answers how many there were. */
export async function eraseContacts(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE deliveries AS d SET recipient = '', content = '{}'
     FROM erased_users AS e
     WHERE d.user_id = e.user_id AND e.erased_at > now() - $1 * interval '1 day' AND d.status <> 'pending' AND (d.recipient <> '' OR d.content <> '{}')`,
    [ERASED_WITHIN_DAYS],
  );
  return rowCount ?? 0;
}

/** How long it can be seen that a message went out. */
const KEEP_MS = 30 * 24 * 60 * 60 * 1_000;
const DELETED_AT_ONCE_MAX = 1_000;

/** Deletes messages that ended long ago, a bounded number at once. */
export async function deleteOldDeliveries(db: Queryable, now: Date): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM deliveries WHERE ctid = ANY(ARRAY(
       SELECT ctid FROM deliveries WHERE ended_at < $1 ORDER BY ended_at LIMIT ${DELETED_AT_ONCE_MAX}))`,
    [new Date(now.getTime() - KEEP_MS)],
  );
  return rowCount ?? 0;
}

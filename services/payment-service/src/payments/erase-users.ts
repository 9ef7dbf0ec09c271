import { eraseFromDeadLetters } from '@souk/outbox';
import type { Queryable } from '@souk/service-runtime';

/**
 * Policy: when a user is deleted then their contact goes, here and in old messages. Money on its way still needs it (the
 * receipt, the notice of a refund), so `eraseContacts` repeats until everything has ended.
 */
export async function eraseUsers(db: Queryable, userIds: readonly string[]): Promise<void> {
  await db.query(
    `INSERT INTO erased_users (user_id) SELECT DISTINCT unnest($1::uuid[]) ON CONFLICT (user_id) DO NOTHING`,
    [userIds],
  );
  await eraseFromDeadLetters(db, userIds);
  await eraseContacts(db);
}

/** An order lives no longer, and so no payment of a user who was erased that long ago is still to end. */
const ERASED_WITHIN_DAYS = 180;

/** Blanks the contacts of erased users wherever nothing is pending any more. Answers how many rows changed. */
export async function eraseContacts(db: Queryable): Promise<number> {
  const payments = await db.query(
    `UPDATE payments AS p SET email = NULL, name = '', phone = NULL
     FROM erased_users AS e
     WHERE p.user_id = e.user_id AND e.erased_at > now() - $1 * interval '1 day' AND p.status <> 'pending' AND p.refund_reserved = p.refunded
       AND (p.email IS NOT NULL OR p.name <> '' OR p.phone IS NOT NULL)`,
    [ERASED_WITHIN_DAYS],
  );
  const messages = await db.query(
    `UPDATE outbox AS o SET body = (o.body::jsonb || jsonb_build_object('data',
       o.body::jsonb -> 'data' || '{"email": null, "name": "", "phone": null}'))::text
     FROM payments AS p JOIN erased_users AS e ON e.user_id = p.user_id
     WHERE o.aggregate_id = p.order_id AND e.erased_at > now() - $1 * interval '1 day' AND o.published_at IS NOT NULL AND o.body NOT LIKE '%"email":null%'
       AND o.body NOT LIKE '%"email": null%'`,
    [ERASED_WITHIN_DAYS],
  );
  return (payments.rowCount ?? 0) + (messages.rowCount ?? 0);
}

import { eraseFromDeadLetters } from '@souk/outbox';
import type { Queryable } from '@souk/service-runtime';

/**
 * Policy: when a user is deleted then their contact goes, here and in old messages. Money on its way still needs it (the
 * receipt, the notice of a refund), so `eraseContacts` is repeated until everything has ended.
 */
export async function eraseUsers(db: Queryable, userIds: readonly string[]): Promise<void> {
  await db.query(
    `INSERT INTO erased_users (user_id) SELECT DISTINCT unnest($1::uuid[]) ON CONFLICT (user_id) DO NOTHING`,
    [userIds],
  );
  await eraseFromDeadLetters(db, userIds);
  await eraseContacts(db, userIds);
}

/** Blanks the contacts of these erased users wherever nothing is pending any more. Answers how many rows changed. */
export async function eraseContacts(db: Queryable, userIds: readonly string[]): Promise<number> {
  const payments = await db.query(
    `UPDATE payments SET email = NULL, name = '', phone = NULL
     WHERE user_id = ANY($1::uuid[]) AND status <> 'pending' AND refund_reserved = refunded
       AND (email IS NOT NULL OR name <> '' OR phone IS NOT NULL)`,
    [userIds],
  );
  const messages = await db.query(
    `UPDATE outbox AS o SET body = (o.body::jsonb || jsonb_build_object('data',
       o.body::jsonb -> 'data' || '{"email": null, "name": "", "phone": null}'))::text
     FROM payments AS p
     WHERE p.user_id = ANY($1::uuid[]) AND o.aggregate_id = p.order_id AND o.published_at IS NOT NULL
       AND o.body NOT LIKE '%"email":null%' AND o.body NOT LIKE '%"email": null%'`,
    [userIds],
  );
  return (payments.rowCount ?? 0) + (messages.rowCount ?? 0);
}

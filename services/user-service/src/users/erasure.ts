import type { Pool, Queryable } from '@souk/service-runtime';

// What a told event says of a person; the ids stay, so that outbox and inboxes still add up.
const BLANKED_BODY = `jsonb_set(body::jsonb, '{data}', (body::jsonb -> 'data')
  || '{"email": "", "name": ""}'::jsonb
  || CASE WHEN body::jsonb -> 'data' ? 'sealedToken' THEN '{"sealedToken": ""}'::jsonb ELSE '{}'::jsonb END)::text`;

/** Blanks name, e-mail address and sealed token in a deleted user's events that were published. */
export async function blankToldEvents(tx: Queryable, userId: string): Promise<void> {
  await tx.query(
    `UPDATE outbox SET body = ${BLANKED_BODY}
      WHERE aggregate_id = $1 AND type <> 'user.deleted' AND published_at IS NOT NULL`,
    [userId],
  );
}

/** The same for events that were still on their way when their user was deleted. */
export async function blankEventsToldLate(pool: Pool): Promise<void> {
  await pool.query(
    `UPDATE outbox SET body = ${BLANKED_BODY}
      WHERE id IN (
        SELECT told.id
          FROM outbox deleted
          JOIN outbox told ON told.aggregate_id = deleted.aggregate_id
         WHERE deleted.type = 'user.deleted' AND deleted.created_at > now() - interval '30 days'
           AND told.type <> 'user.deleted' AND told.published_at IS NOT NULL
           AND told.body::jsonb #>> '{data,email}' <> ''
         LIMIT 100)`,
  );
}

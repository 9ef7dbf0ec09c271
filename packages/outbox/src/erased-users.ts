import type { Queryable } from '@souk/service-runtime';

/** An order lives no longer, and so nothing of a user who was erased that long ago is still to end. */
const ERASED_WITHIN_DAYS = 180;
const USERS_PER_PAGE = 100;

/**
 * Goes through the users of `erased_users` whose last affairs may still end, page by page: one statement over all of them
 * would take longer with every user who leaves, until it hits its timeout and nobody is forgotten any more. Answers the sum
 * of what `erase` answers.
 */
export async function forErasedUsers(
  db: Queryable,
  signal: AbortSignal,
  erase: (userIds: readonly string[]) => Promise<number>,
): Promise<number> {
  let total = 0;
  let after = '00000000-0000-0000-0000-000000000000';
  while (!signal.aborted) {
    const { rows } = await db.query<{ user_id: string }>(
      `SELECT user_id FROM erased_users WHERE user_id > $1 AND erased_at > now() - $2 * interval '1 day'
       ORDER BY user_id LIMIT ${USERS_PER_PAGE}`,
      [after, ERASED_WITHIN_DAYS],
    );
    const userIds = rows.map((row) => row.user_id);
    if (userIds.length > 0) total += await erase(userIds);
    if (userIds.length < USERS_PER_PAGE) break;
    after = userIds.at(-1) ?? after;
  }
  return total;
}

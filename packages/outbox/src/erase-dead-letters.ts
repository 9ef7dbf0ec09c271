import type { Queryable } from '@souk/service-runtime';

/** Dead letters are few; a bound all the same. */
const DEAD_LETTERS_MAX = 1_000;

/**
 * Blanks names, addresses and numbers of deleted users in dead letters, so that these can still be read and redriven. A
 * body that is no JSON is emptied: nobody can tell what stands in it. Answers how many letters changed.
 */
export async function eraseFromDeadLetters(db: Queryable, userIds: readonly string[]): Promise<number> {
  if (userIds.length === 0) return 0;
  const { rows } = await db.query<{ id: string; body: Buffer }>(
    `SELECT d.id, d.body FROM dead_letters AS d
     WHERE EXISTS (SELECT 1 FROM unnest($1::text[]) AS u (id) WHERE position(convert_to(u.id, 'UTF8') IN d.body) > 0)
     LIMIT ${DEAD_LETTERS_MAX}`,
    [userIds],
  );
  if (rows.length === 0) return 0;
  await db.query(
    `UPDATE dead_letters AS d SET body = b.body FROM unnest($1::uuid[], $2::bytea[]) AS b (id, body) WHERE d.id = b.id`,
    [rows.map(({ id }) => id), rows.map(({ body }) => Buffer.from(blankPersonalContent(body.toString())))],
  );
  return rows.length;
}

const BLANKED: Readonly<Record<string, unknown>> = { email: null, name: '', phone: null, sealedToken: '' };

/** The same event without the person in it. */
export function blankPersonalContent(body: string): string {
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    return '{}';
  }
  if (typeof event !== 'object' || event === null || !('data' in event) || !isRecord(event.data)) return '{}';
  const data = Object.entries(event.data).map(([field, value]) => {
    if (Object.hasOwn(BLANKED, field)) return [field, BLANKED[field]];
    return [field, field === 'shippingAddress' && isRecord(value) ? blankAddress(value) : value];
  });
  return JSON.stringify({ ...event, data: Object.fromEntries(data) });
}

function blankAddress(address: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(address).map(([field, value]) => [field, value === null ? null : '']));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

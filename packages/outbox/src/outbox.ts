import type { CloudEvent, EventType, SoukEvent } from '@souk/contracts';
import { currentTraceparent, type Queryable } from '@souk/service-runtime';

/** The most bytes one event may have: a message must fit the broker's frames and every consumer's limit. */
export const EVENT_BYTES_MAX = 262_144;

/** An event would break a limit of the outbox; its producer has a bug. */
export class EventTooLargeError extends Error {
  override readonly name = 'EventTooLargeError';
  constructor(type: string, bytes: number) {
    super(`${type}: expected at most ${EVENT_BYTES_MAX} bytes, found ${bytes}`);
  }
}

/** The columns that a writer sets itself; the others have defaults. */
export interface OutboxRow {
  id: string;
  aggregateId: string;
  sequence: number | null;
  type: EventType;
  body: string;
}

/** What an event looks like in the table: for writers that put the INSERT into their own single statement. */
export function toOutboxRow<T extends EventType>(event: CloudEvent<T>): OutboxRow {
  const traceparent = event.traceparent ?? currentTraceparent(event.subject);
  const body = JSON.stringify(traceparent === undefined ? event : { ...event, traceparent });
  const bytes = Buffer.byteLength(body);
  if (bytes > EVENT_BYTES_MAX) throw new EventTooLargeError(event.type, bytes);
  return {
    id: event.id,
    aggregateId: event.subject,
    sequence: event.sequence === undefined ? null : Number(event.sequence),
    type: event.type,
    body,
  };
}

/**
 * Writes events into the outbox, in one statement, inside the transaction of the change they tell of. They get their
 * positions in the given order. The trace goes on: an event without a traceparent takes the current one.
 */
export async function insertOutbox(db: Queryable, events: readonly CloudEvent[] | readonly SoukEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map((event) => toOutboxRow(event));
  await db.query({
    name: 'write outbox',
    text: `INSERT INTO outbox (id, aggregate_id, sequence, type, body)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[])`,
    values: [
      rows.map((row) => row.id),
      rows.map((row) => row.aggregateId),
      rows.map((row) => row.sequence),
      rows.map((row) => row.type),
      rows.map((row) => row.body),
    ],
  });
}

/**
 * Publishes the newest event of each aggregate again, with the same id and the extension `redrive`, so that consumers that
 * know it repeat their own last event. With `types` the newest of these types. An event that waits goes out anyway, and one
 * that is on its way is asked for once more at most: after an outage, when more events wait than leave within the interval of
 * a sweep, a redrive of those would only make them more. Returns how many will go out because of this call.
 */
export async function republishLast(
  db: Queryable,
  aggregateIds: readonly string[],
  types?: readonly EventType[],
): Promise<number> {
  if (aggregateIds.length === 0) return 0;
  const { rowCount } = await db.query(
    `UPDATE outbox SET published_at = NULL, redrive = redrive + 1
      WHERE id IN (
        SELECT last.id
          FROM unnest($1::uuid[]) AS aggregate (id)
         CROSS JOIN LATERAL (
           SELECT o.id FROM outbox o
            WHERE o.aggregate_id = aggregate.id AND ($2::text[] IS NULL OR o.type = ANY ($2))
            ORDER BY o.position DESC LIMIT 1) AS last)
        AND (published_at IS NOT NULL OR (claimed_until >= now() AND redrive = 0))`,
    [aggregateIds, types ?? null],
  );
  return rowCount ?? 0;
}

import { EVENTS, type EventType, hasConsumer } from '@souk/contracts';
import type { OutgoingMessage } from '@souk/messaging';
import type { Queryable } from '@souk/service-runtime';

export interface ClaimedRow {
  id: string;
  type: EventType;
  body: string;
  redrive: number;
}

export interface Claim {
  /** In the order of their positions. */
  rows: ClaimedRow[];
  /** Events that were free but must wait for an earlier one of their aggregate. */
  heldBack: number;
}

/**
 * Ends the statement without waiting for the disk: a claim that a crash of the server forgets is made again, and a mark
 * that it forgets publishes the event once more, which every consumer's inbox knows. On a disk that takes 5 ms to sync,
 * claim and mark would add two such waits to the way of each event.
 */
const RELAXED = `SELECT set_config('synchronous_commit', 'off', true)`;

/**
 * `candidate` skips aggregates whose earlier event is claimed already, so that a blocked event (one that comes back, say)
 * blocks its own aggregate and never fills the batch with its followers. `free` then drops what stands behind an event
 * that SKIP LOCKED passed over because another relay is claiming it at this moment. Expiry goes by the server's clock
 * alone. There is no watermark over positions: a row whose transaction commits late is found all the same.
 *
 * The form is for the planner, whose statistics of this table are always out of date. With NOT EXISTS it joins (133 ms for
 * 20,000 waiting rows, 8.8 s when half of them are claimed); a scalar subquery is looked up row by row. And `coalesce`
 * keeps it from the partial index by position, which would read every earlier row, of all aggregates. This one: 6 to 46 ms.
 * Not prepared by name, although planning is a third of its cost: the general plan takes 60 ms for 20,000 waiting rows and
 * 420 ms where an aggregate has 2,000 of them.
 */
const CLAIM = `
  WITH relaxed AS MATERIALIZED (${RELAXED}), candidate AS MATERIALIZED (
    SELECT id, aggregate_id, position FROM outbox o
     WHERE published_at IS NULL AND (claimed_until IS NULL OR claimed_until < now()) AND type = ANY ($4::text[])
       AND (SELECT true FROM outbox earlier
             WHERE earlier.aggregate_id = o.aggregate_id AND earlier.position < o.position
               AND coalesce(earlier.published_at, 'infinity') = 'infinity' AND earlier.claimed_until >= now() LIMIT 1) IS NULL
     ORDER BY position LIMIT $3 FOR UPDATE SKIP LOCKED
  ), free AS (
    SELECT c.id FROM candidate c
     WHERE (SELECT true FROM outbox earlier
             WHERE earlier.aggregate_id = c.aggregate_id AND earlier.position < c.position
               AND coalesce(earlier.published_at, 'infinity') = 'infinity' AND earlier.id NOT IN (SELECT id FROM candidate) LIMIT 1) IS NULL
  )
  UPDATE outbox SET claimed_by = $1, claimed_until = now() + $2 * interval '1 ms'
    FROM free, relaxed WHERE outbox.id = free.id
  RETURNING outbox.id, outbox.type, outbox.body, outbox.redrive, outbox.position, (SELECT count(*) FROM candidate)::int AS candidates`;

/** A type that this build does not know was written by a newer one beside it, which alone knows whether it has consumers. */
const KNOWN_TYPES = Object.keys(EVENTS);

export async function claimRows(
  db: Queryable,
  options: { claimId: string; leaseMs: number; batchMax: number },
): Promise<Claim> {
  const { rows } = await db.query<ClaimedRow & { position: string; candidates: number }>(CLAIM, [
    options.claimId,
    options.leaseMs,
    options.batchMax,
    KNOWN_TYPES,
  ]);
  rows.sort((a, b) => Number(a.position) - Number(b.position));
  return { rows, heldBack: (rows[0]?.candidates ?? 0) - rows.length };
}

/**
 * Marks what the broker confirmed, where this claim still holds and nobody asked for a redrive meanwhile. Returns the
 * seconds from commit to confirm of each first publication.
 */
export async function markPublished(db: Queryable, claimId: string, rows: readonly ClaimedRow[]): Promise<number[]> {
  if (rows.length === 0) return [];
  const marked = await db.query<{ redrive: number; seconds: number }>({
    name: 'mark published',
    text: `WITH relaxed AS MATERIALIZED (${RELAXED})
     UPDATE outbox SET published_at = now(), claimed_by = NULL, claimed_until = NULL
       FROM unnest($2::uuid[], $3::int[]) AS confirmed (id, redrive), relaxed
      WHERE outbox.id = confirmed.id AND outbox.claimed_by = $1 AND outbox.redrive = confirmed.redrive
     RETURNING outbox.redrive, extract(epoch FROM now() - created_at)::float8 AS seconds`,
    values: [claimId, rows.map((row) => row.id), rows.map((row) => row.redrive)],
  });
  return marked.rows.filter((row) => row.redrive === 0).map((row) => row.seconds);
}

/** Gives claims back early, so that the next relay need not wait for them to expire. */
export async function releaseRows(db: Queryable, claimId: string, rows: readonly ClaimedRow[]): Promise<void> {
  await db.query(
    'UPDATE outbox SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by = $1 AND id = ANY ($2::uuid[])',
    [claimId, rows.map((row) => row.id)],
  );
}

/** The envelope's attributes stand in front of the data (createEvent); quotes inside of values are escaped; jsonb writes spaces. */
const TRACEPARENT = /"traceparent": ?"([^"]{55})"/;
const ORDER_ID = /"orderId": ?"([^"]{1,64})"/;
const ENVELOPE_CHARACTERS = 1_000;

export function toMessage(row: ClaimedRow): OutgoingMessage {
  return {
    id: row.id,
    type: row.type,
    body: Buffer.from(row.redrive === 0 ? row.body : withRedrive(row.body, row.redrive)),
    correlationId: ORDER_ID.exec(row.body)?.[1],
    traceparent: TRACEPARENT.exec(row.body.slice(0, ENVELOPE_CHARACTERS))?.[1],
    // One without a consumer would come back for ever.
    mandatory: hasConsumer(row.type),
  };
}

/** Adds the extension attribute without parsing the document: it is one JSON object, written by JSON.stringify. */
function withRedrive(body: string, redrive: number): string {
  return `${body.slice(0, body.lastIndexOf('}'))},"redrive":"${redrive}"}`;
}

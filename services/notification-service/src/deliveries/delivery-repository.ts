import type { Queryable } from '@souk/service-runtime';
import type { Channel, PlannedDelivery, Template } from './delivery.ts';

/** A message to hand over, held by a lease. */
export interface LeasedDelivery {
  id: string;
  eventId: string;
  template: Template;
  channel: Channel;
  recipient: string;
  orderId: string | null;
  /** JSON text. */
  content: string;
  traceparent: string | null;
  createdAt: Date;
  /** This try included. */
  attempts: number;
}

/**
 * Writes the messages that are not there yet, due at once, in one statement. News of an account that was deleted meanwhile
 * (events may overtake each other) is nobody's news.
 */
export async function insertDeliveries(
  db: Queryable,
  deliveries: readonly PlannedDelivery[],
  context: { newId: () => string; now: Date },
): Promise<void> {
  if (deliveries.length === 0) return;
  await db.query({
    name: 'plan deliveries',
    text: `INSERT INTO deliveries (id, event_id, template, channel, recipient, order_id, user_id, content, traceparent,
       status, created_at)
     SELECT u.*, 'pending', $10
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::text[])
       AS u (id, event_id, template, channel, recipient, order_id, user_id, content, traceparent)
     WHERE u.order_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM erased_users AS e WHERE e.user_id = u.user_id)
     ON CONFLICT (event_id, template, channel) DO NOTHING`,
    values: [
      deliveries.map(() => context.newId()),
      deliveries.map((delivery) => delivery.eventId),
      deliveries.map((delivery) => delivery.template),
      deliveries.map((delivery) => delivery.channel),
      deliveries.map((delivery) => delivery.recipient),
      deliveries.map((delivery) => delivery.orderId),
      deliveries.map((delivery) => delivery.userId),
      deliveries.map((delivery) => JSON.stringify(delivery.content)),
      deliveries.map((delivery) => delivery.traceparent),
      context.now,
    ],
  });
}

interface DeliveryRow {
  id: string;
  event_id: string;
  template: Template;
  channel: Channel;
  recipient: string;
  order_id: string | null;
  content: string;
  traceparent: string | null;
  created_at: Date;
  attempts: number;
}

/** Takes what is due on a channel, in one statement that commits by itself. */
export async function leaseDeliveries(
  db: Queryable,
  { channel, leaseId, leaseMs, limit }: { channel: Channel; leaseId: string; leaseMs: number; limit: number },
): Promise<LeasedDelivery[]> {
  const { rows } = await db.query<DeliveryRow>(
    `UPDATE deliveries AS d SET lease_id = $1, due_at = now() + $2 * interval '1 millisecond', attempts = attempts + 1
     FROM (
       SELECT id FROM deliveries WHERE status = 'pending' AND due_at <= now() AND channel = $4
       ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
     WHERE d.id = due.id
     RETURNING d.id, d.event_id, d.template, d.channel, d.recipient, d.order_id, d.content, d.traceparent, d.created_at,
       d.attempts`,
    [leaseId, leaseMs, limit, channel],
  );
  return rows.map((row) => ({
    id: row.id,
    eventId: row.event_id,
    template: row.template,
    channel: row.channel,
    recipient: row.recipient,
    orderId: row.order_id,
    content: row.content,
    traceparent: row.traceparent,
    createdAt: row.created_at,
    attempts: row.attempts,
  }));
}

export async function renewDeliveries(
  db: Queryable,
  lease: { leaseId: string; leaseMs: number; ids: readonly string[] },
): Promise<void> {
  await db.query(
    `UPDATE deliveries SET due_at = now() + $2 * interval '1 millisecond'
     WHERE id = ANY($3::uuid[]) AND lease_id = $1 AND status = 'pending'`,
    [lease.leaseId, lease.leaseMs, lease.ids],
  );
}

/** How a message ended. */
export interface EndedDelivery {
  id: string;
  status: 'sent' | 'failed' | 'discarded';
  error: string | null;
}

/** Ends messages whose lease still holds, and empties their content. Answers which those were. */
export async function endDeliveries(
  db: Queryable,
  leaseId: string,
  { ended, now }: { ended: readonly EndedDelivery[]; now: Date },
): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>({
    name: 'end deliveries',
    text: `UPDATE deliveries AS d SET status = u.status, last_error = u.error, ended_at = $5, content = '{}', lease_id = NULL
     FROM unnest($2::uuid[], $3::text[], $4::text[]) AS u (id, status, error)
     WHERE d.id = u.id AND d.lease_id = $1 AND d.status = 'pending'
     RETURNING d.id`,
    values: [
      leaseId,
      ended.map((delivery) => delivery.id),
      ended.map((delivery) => delivery.status),
      ended.map((delivery) => delivery.error),
      now,
    ],
  });
  return new Set(rows.map((row) => row.id));
}

/** Gives messages back that could not be handed over, due again after their own delay. */
export async function postponeDeliveries(
  db: Queryable,
  leaseId: string,
  postponed: readonly { id: string; delayMs: number; error: string }[],
): Promise<void> {
  if (postponed.length === 0) return;
  await db.query(
    `UPDATE deliveries AS d SET lease_id = NULL, due_at = now() + u.delay_ms * interval '1 millisecond', last_error = u.error
     FROM unnest($2::uuid[], $3::int[], $4::text[]) AS u (id, delay_ms, error)
     WHERE d.id = u.id AND d.lease_id = $1 AND d.status = 'pending'`,
    [
      leaseId,
      postponed.map(({ id }) => id),
      postponed.map(({ delayMs }) => delayMs),
      postponed.map(({ error }) => error),
    ],
  );
}

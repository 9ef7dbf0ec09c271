import type { EventType } from '@souk/contracts';
import type { Queryable } from '@souk/service-runtime';
import type { TimelineEntry } from './timeline.ts';

interface TimelineRow {
  order_id: string;
  sequence: number;
  event_id: string;
  type: EventType;
  data: Record<string, unknown>;
  at: Date;
}

export const timelineRepository = {
  /** Oldest first, after `sequence`. */
  async listAfter(
    db: Queryable,
    orderId: string,
    after: { sequence: number; limit: number },
  ): Promise<TimelineEntry[]> {
    const { rows } = await db.query<TimelineRow>(
      `SELECT order_id, sequence, event_id, type, data, at FROM order_timeline
       WHERE order_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3`,
      [orderId, after.sequence, after.limit],
    );
    return rows.map(toTimelineEntry);
  },

  async count(db: Queryable, orderId: string): Promise<number> {
    const { rows } = await db.query<{ count: string }>('SELECT count(*) FROM order_timeline WHERE order_id = $1', [
      orderId,
    ]);
    return Number(rows[0]?.count ?? 0);
  },

  /** The number of the newest entry of each order. */
  async lastSequences(db: Queryable, orderIds: readonly string[]): Promise<Map<string, number>> {
    const { rows } = await db.query<{ id: string; timeline_sequence: number }>(
      'SELECT id, timeline_sequence FROM orders WHERE id = ANY($1::uuid[])',
      [orderIds],
    );
    return new Map(rows.map((row) => [row.id, row.timeline_sequence]));
  },

  /** Takes one of a user's places for streams; false when all are taken. */
  async openStream(
    tx: Queryable,
    stream: { id: string; userId: string; max: number; now: Date; expiresAt: Date },
  ): Promise<boolean> {
    const { id, userId, max, now, expiresAt } = stream;
    // Two streams opened at once must not both find the last place free.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('timeline:' || $1, 0))`, [userId]);
    const { rowCount } = await tx.query(
      `INSERT INTO timeline_streams (id, user_id, expires_at)
       SELECT $1, $2, $5 WHERE (SELECT count(*) FROM timeline_streams WHERE user_id = $2 AND expires_at > $4) < $3`,
      [id, userId, max, now, expiresAt],
    );
    return rowCount === 1;
  },

  async renewStreams(db: Queryable, ids: readonly string[], expiresAt: Date): Promise<void> {
    await db.query('UPDATE timeline_streams SET expires_at = $2 WHERE id = ANY($1::uuid[])', [ids, expiresAt]);
  },

  async closeStream(db: Queryable, id: string): Promise<void> {
    await db.query('DELETE FROM timeline_streams WHERE id = $1', [id]);
  },

  /** Places of processes that died. */
  async dropExpiredStreams(db: Queryable, now: Date): Promise<void> {
    await db.query('DELETE FROM timeline_streams WHERE expires_at < $1', [now]);
  },
};

function toTimelineEntry(row: TimelineRow): TimelineEntry {
  const { order_id: orderId, sequence, event_id: eventId, type, data, at } = row;
  return { orderId, sequence, eventId, type, data, at };
}

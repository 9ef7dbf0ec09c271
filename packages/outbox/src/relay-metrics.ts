import type { Counter, Histogram, Metrics, Pool } from '@souk/service-runtime';

export interface RelayMetrics {
  /** Seconds from the commit of an event to the broker's confirm. */
  delay: Histogram;
  returned: Counter;
  /** Measures the table. */
  observe(pool: Pool): Promise<void>;
}

/** Counting a long backlog would be a burden of its own, just when there is one. */
const COUNT_MAX = 10_000;

/** Reads the head of the partial index only. A redriven event is old by nature and does not count as lag. */
const MEASURE = `
  SELECT (SELECT count(*)::int FROM (SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT ${COUNT_MAX}) AS waiting) AS unpublished,
         coalesce((SELECT extract(epoch FROM now() - created_at) FROM outbox
                    WHERE published_at IS NULL AND redrive = 0 ORDER BY position LIMIT 1), 0)::float8 AS lag`;

export function createRelayMetrics(metrics: Metrics): RelayMetrics {
  const lag = metrics.gauge('souk_outbox_lag_seconds', 'Age of the oldest event that was not published yet');
  const unpublished = metrics.gauge(
    'souk_outbox_unpublished',
    `Events that were not published yet, at most ${COUNT_MAX}`,
  );
  return {
    delay: metrics.histogram(
      'souk_outbox_publish_delay_seconds',
      'From the commit of an event to the confirm of the broker',
    ),
    returned: metrics.counter(
      'souk_outbox_returned_total',
      'Events that came back because no queue is bound for their type: an alarm',
      ['type'],
    ),
    async observe(pool) {
      const { rows } = await pool.query<{ unpublished: number; lag: number }>(MEASURE);
      lag.set(rows[0]?.lag ?? 0);
      unpublished.set(rows[0]?.unpublished ?? 0);
    },
  };
}

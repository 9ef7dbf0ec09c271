import { createSweep, type Logger, type Metrics, type Pool, type Worker } from '@souk/service-runtime';

/** What is open, seen at intervals, because a scrape must not wait for the database: both should come back to 0. */
export function createPaymentGauges(options: {
  pool: Pool;
  intervalMs: number;
  logger: Logger;
  metrics: Metrics;
}): Worker {
  const { pool, metrics } = options;
  const unknown = metrics.gauge('souk_payments_unknown', 'Payments asked about without an answer that settles them');
  const age = metrics.gauge('souk_payments_unknown_age_seconds', 'Time since the oldest of them was first tried');
  const refunds = metrics.gauge('souk_refunds_pending', 'Refunds promised and not given back yet');
  return createSweep({
    name: 'payment-gauges',
    intervalMs: options.intervalMs,
    logger: options.logger,
    metrics,
    run: async () => {
      const { rows } = await pool.query<{ unknown: number; age: number; refunds: number }>(
        `SELECT count(*)::int AS unknown, coalesce(extract(epoch FROM now() - min(first_tried_at)), 0)::float8 AS age,
           (SELECT count(*)::int FROM refunds WHERE status = 'pending') AS refunds
         FROM payments WHERE status = 'pending' AND payment_method IS NOT NULL AND captured = 0
           AND first_tried_at IS NOT NULL`,
      );
      unknown.set(rows[0]?.unknown ?? 0);
      age.set(rows[0]?.age ?? 0);
      refunds.set(rows[0]?.refunds ?? 0);
    },
  });
}

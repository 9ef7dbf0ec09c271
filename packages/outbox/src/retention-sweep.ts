import type { Logger, Metrics, Pool, Sweep } from '@souk/service-runtime';
export interface RetentionSweepOptions {
  pool: Pool;
  logger: Logger;
  metrics: Metrics;
  idempotencyKeys?: boolean;
  intervalMs?: number;
}
export function createRetentionSweep(options: RetentionSweepOptions): Sweep {
  void options;
  return { name: 'retention-sweep', start() {}, stop: async () => {}, wake() {} };
}

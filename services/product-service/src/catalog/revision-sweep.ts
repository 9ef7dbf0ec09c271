import { createSweep, type Logger, type Metrics, type Pool, type Sweep } from '@souk/service-runtime';
import { LIMITS } from '../config.ts';

const INTERVAL_MS = 3_600_000;
const CHUNK = 1_000;

/** Forgets what products were once no walk can have begun then. */
export function createRevisionSweep(
  deps: { pool: Pool; now: () => Date },
  runtime: { logger: Logger; metrics: Metrics },
): Sweep {
  return createSweep({
    name: 'product-revisions',
    intervalMs: INTERVAL_MS,
    ...runtime,
    async run(signal) {
      const before = new Date(deps.now().getTime() - LIMITS.walkMs);
      let deleted = CHUNK;
      while (deleted === CHUNK && !signal.aborted) {
        const { rowCount } = await deps.pool.query(
          `DELETE FROM product_revisions WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM product_revisions WHERE replaced_at < $1 ORDER BY replaced_at LIMIT ${CHUNK}))`,
          [before],
        );
        deleted = rowCount ?? 0;
      }
    },
  });
}

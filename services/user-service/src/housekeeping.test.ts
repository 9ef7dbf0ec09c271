import type { Pool } from '@souk/service-runtime';
import { describe, expect, it } from 'vitest';
import { runHousekeeping } from './housekeeping.ts';

/** A database where one kind of statement fails, and others meet so many rows. */
function aPool(options: { failing?: string; rows?: Record<string, number> }) {
  const asked: string[] = [];
  const left = new Map(Object.entries(options.rows ?? {}));
  const query = async (sql: string, values: unknown[] = []) => {
    const table = /(?:DELETE FROM|UPDATE) (\w+)/.exec(sql)?.[1] ?? '';
    asked.push(table);
    if (table === options.failing) throw new RangeError('canceling statement due to statement timeout');
    const rowCount = Math.min(left.get(table) ?? 0, Number(values[1] ?? 1_000));
    left.set(table, (left.get(table) ?? 0) - rowCount);
    return { rows: [], rowCount };
  };
  return { asked, pool: { query } as unknown as Pool };
}
const run = (pool: Pool) => runHousekeeping({ pool, clock: { now: () => new Date() }, revocationsKeptMs: 660_000 });

describe('housekeeping', () => {
  it('does everything else when one kind of it fails, and then says so', async () => {
    const { asked, pool } = aPool({ failing: 'sessions' });
    await expect(run(pool)).rejects.toThrow('statement timeout');
    expect(asked).toEqual([
      'refresh_tokens',
      'sessions',
      'sessions',
      'password_resets',
      'known_addresses',
      'revocations',
      'outbox',
    ]);
  });

  it('takes sessions in small batches, several in one run and not without end', async () => {
    const few = aPool({ rows: { sessions: 250 } });
    await run(few.pool);
    expect(few.asked.filter((table) => table === 'sessions')).toHaveLength(4);
    const many = aPool({ rows: { sessions: 1_000_000 } });
    await run(many.pool);
    expect(many.asked.filter((table) => table === 'sessions')).toHaveLength(20);
  });
});

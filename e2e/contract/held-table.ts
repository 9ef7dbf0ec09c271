import { waitFor } from '@souk/testing';
import pg from 'pg';

/** A table that nobody can write to until it is let go: requests stop where they would, for as long as a test needs. */
export interface HeldTable {
  /** Until so many connections wait for the table. */
  untilWaiting(count: number): Promise<void>;
  letGo(): Promise<void>;
}

export async function holdTable(databaseUrl: string, table: string): Promise<HeldTable> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'souk contract' });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${table} IN EXCLUSIVE MODE`);
  return {
    untilWaiting: async (count) => {
      await waitFor(
        async () => {
          const { rows } = await client.query<{ n: number }>(
            'SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND relation = $1::regclass',
            [table],
          );
          return (rows[0]?.n ?? 0) >= count || undefined;
        },
        { timeoutMs: 5_000, everyMs: 5, what: `${count} waiting for ${table}` },
      );
    },
    letGo: () => client.end(),
  };
}

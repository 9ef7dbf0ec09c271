import pg from 'pg';

export const DATABASE_NAMES = ['users', 'products', 'orders', 'payments', 'notifications'] as const;
export type DatabaseName = (typeof DATABASE_NAMES)[number];
export type DatabaseUrls = Readonly<Record<DatabaseName, string>>;

/** The databases of a running platform, for reading. */
export interface ShopDatabases {
  select<Row extends pg.QueryResultRow>(database: DatabaseName, sql: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** A database does not answer. */
export class DatabaseUnreachableError extends Error {
  constructor(database: DatabaseName, cause: unknown) {
    super(
      `The database ${database} does not answer: ${cause instanceof Error ? cause.message || 'no connection' : cause}`,
      {
        cause,
      },
    );
    this.name = 'DatabaseUnreachableError';
  }
}

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 60_000;

/** Opens the databases read-only: whoever looks for what is wrong must not be able to add to it. */
export function openShopDatabases(urls: DatabaseUrls): ShopDatabases {
  const pools = new Map(
    DATABASE_NAMES.map((name) => {
      const pool = new pg.Pool({
        connectionString: urls[name],
        max: 2,
        application_name: 'souk reconcile',
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        statement_timeout: STATEMENT_TIMEOUT_MS,
        options: '-c default_transaction_read_only=on',
      });
      pool.on('error', () => {}); // an idle connection that broke; the next query says what there is to say
      return [name, pool] as const;
    }),
  );
  return {
    select: async (database, sql, values = []) => {
      const pool = pools.get(database) as pg.Pool;
      const client = await pool.connect().catch((error: unknown) => {
        throw new DatabaseUnreachableError(database, error);
      });
      try {
        return (await client.query(sql, values)).rows;
      } finally {
        client.release();
      }
    },
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}

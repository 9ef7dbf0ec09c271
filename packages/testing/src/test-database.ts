import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { testPostgresUrl } from './test-servers.ts';
import { waitFor } from './wait-for.ts';

/** What a service's src/generated/migrations.ts holds. */
export type TestMigration = { readonly name: string; readonly sql: string; readonly checksum: string };

export interface TestDatabase {
  name: string;
  /** Of the owner, who migrates. */
  ownerUrl: string;
  /** Of the service's own user, who reads and writes rows only. */
  appUrl: string;
  ownerPool: pg.Pool;
  /** Of the service's own user. */
  pool: pg.Pool;
  /** Ends both pools and drops the database. Throws ConnectionLeakError when somebody is still connected. */
  drop(): Promise<void>;
}

/** A test left connections to its database open. */
export class ConnectionLeakError extends Error {
  constructor(names: string[]) {
    super(`The test left ${names.length} connections to its database open, of: ${[...new Set(names)].join(', ')}`);
    this.name = 'ConnectionLeakError';
  }
}

async function withAdministrator<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'souk test administrator' });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

function urlOf(base: string, user: string, database: string): string {
  const url = new URL(base);
  url.username = user;
  url.password = user;
  url.pathname = `/${database}`;
  return url.toString();
}

function poolOf(connectionString: string, applicationName: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 10, application_name: applicationName });
  pool.on('error', () => {}); // a server that a test stops is no reason to end the test run
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

async function otherConnections(administratorUrl: string, database: string): Promise<string[]> {
  return withAdministrator(administratorUrl, async (client) => {
    const { rows } = await client.query<{ application_name: string }>(
      `SELECT application_name FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
      [database],
    );
    return rows.map((row) => row.application_name || 'unnamed');
  });
}

async function dropDatabase(administratorUrl: string, name: string): Promise<void> {
  await withAdministrator(administratorUrl, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await client.query(`DROP ROLE IF EXISTS ${name}_app`);
    await client.query(`DROP ROLE IF EXISTS ${name}_owner`);
  });
}

/**
 * A database of one's own with an owner and an application user, as in a deployment, and the migrations applied. One for
 * each test file is affordable: it takes some 100 ms.
 */
export async function createTestDatabase(migrations: readonly TestMigration[] = []): Promise<TestDatabase> {
  const administratorUrl = testPostgresUrl();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withAdministrator(administratorUrl, async (client) => {
    await client.query(`CREATE ROLE ${name}_owner LOGIN PASSWORD '${name}_owner'`);
    await client.query(`CREATE ROLE ${name}_app LOGIN PASSWORD '${name}_app'`);
    await client.query(`CREATE DATABASE ${name} OWNER ${name}_owner`);
  });
  const ownerUrl = urlOf(administratorUrl, `${name}_owner`, name);
  const appUrl = urlOf(administratorUrl, `${name}_app`, name);
  if (migrations.length > 0) await applyMigrations({ ownerUrl, appUrl, migrations });

  const ownerPool = poolOf(ownerUrl, 'souk test owner');
  const pool = poolOf(appUrl, 'souk test');
  return {
    name,
    ownerUrl,
    appUrl,
    ownerPool,
    pool,
    drop: async () => {
      await Promise.all([ownerPool, pool].filter((each) => !each.ended).map((each) => each.end()));
      let leaked: string[] = [];
      const isQuiet = async () => {
        leaked = await otherConnections(administratorUrl, name);
        return leaked.length === 0;
      };
      await waitFor(isQuiet, { timeoutMs: 5_000 }).catch(() => {});
      await dropDatabase(administratorUrl, name);
      if (leaked.length > 0) throw new ConnectionLeakError(leaked);
    },
  };
}

async function applyMigrations(options: {
  ownerUrl: string;
  appUrl: string;
  migrations: readonly TestMigration[];
}): Promise<void> {
  // Imported when used: tests of packages below the runtime create databases too, without migrations.
  const [{ migrate }, { silentLogger }] = await Promise.all([
    import('@souk/service-runtime'),
    import('./silent-logger.ts'),
  ]);
  await migrate({ ...options, logger: silentLogger() });
}

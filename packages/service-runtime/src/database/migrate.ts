import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Logger } from '../logger.ts';
import { ensureAppRole, grantLeastPrivilege } from './app-role.ts';
import { databaseOf, hasCode, MigrationError } from './migration-error.ts';

/** One migration, inlined into the bundle by the generator. */
export interface Migration {
  /** `<timestamp>_<verb>_<noun>`, the folder's name. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file in hex, as Prisma computes it. */
  readonly checksum: string;
}

export interface MigrateOptions {
  /** The database as its owner, who may change the schema. */
  ownerUrl: string;
  /** The same database as the service's own user, who gets its rights here. */
  appUrl: string;
  migrations: readonly Migration[];
  logger: Logger;
}

/** Prisma's own key (schema-engine, `pg_advisory_lock(72707369)`), so that its engine and this runner wait for each other. */
const ADVISORY_LOCK = 72_707_369;
const LOCK_TIMEOUT_MS = 60_000;
const STATEMENT_TIMEOUT_MS = 600_000;

/** First line of a migration that cannot run in a transaction (CREATE INDEX CONCURRENTLY); it holds exactly one statement. */
const NO_TRANSACTION = /^--\s*no transaction\b/i;

/** As Prisma's engine makes it. */
const CREATE_HISTORY = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                  varchar(36) PRIMARY KEY NOT NULL,
    checksum            varchar(64) NOT NULL,
    finished_at         timestamptz,
    migration_name      varchar(255) NOT NULL,
    logs                text,
    rolled_back_at      timestamptz,
    started_at          timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
  )`;

/**
 * Brings a database to the schema of this build: creates the database and the service's user where the owner may, applies
 * what is missing, one transaction each, and grants the user rows but no schema. Repeatable; several at once wait for each
 * other. Throws a MigrationError when the history does not fit the build.
 */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  const { appUrl, logger, migrations, ownerUrl } = options;
  const client = await connectAsOwner(ownerUrl, logger);
  try {
    await lock(client);
    const separateUser = await ensureAppRole(client, { appUrl, ownerUrl, logger });
    await client.query(CREATE_HISTORY);
    const pending = findPending(migrations, await readHistory(client));
    for (const migration of pending) {
      await apply(client, migration);
      logger.info({ migration: migration.name }, 'Applied migration');
    }
    if (separateUser) await grantLeastPrivilege(client, { appUrl, logger });
    return { applied: pending.map((migration) => migration.name) };
  } finally {
    // Ends the session and with it the lock.
    await client.end().catch((error: unknown) => logger.debug({ error }, 'Migration connection was lost at its end'));
  }
}

async function lock(client: pg.Client): Promise<void> {
  try {
    await client.query(`SELECT pg_advisory_lock(${ADVISORY_LOCK})`);
  } catch (error) {
    if (!hasCode(error, '55P03')) throw error;
    throw new MigrationError(`Another migration of this database has not ended within ${LOCK_TIMEOUT_MS / 1000} s`, {
      cause: error,
    });
  }
}

export interface HistoryRow {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

async function readHistory(client: pg.Client): Promise<HistoryRow[]> {
  const { rows } = await client.query<HistoryRow>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at',
  );
  return rows;
}

/** Decides what to apply. A migration that the build does not know is fine: a newer build was here, and changes are additive. */
export function findPending(migrations: readonly Migration[], history: readonly HistoryRow[]): Migration[] {
  const failed = history.find((row) => row.finished_at === null);
  if (failed !== undefined) {
    throw new MigrationError(
      `Migration ${failed.migration_name} failed before and may be half applied: repair the schema, then set finished_at ` +
        '(applied) or rolled_back_at (to be applied again) of its row in _prisma_migrations',
    );
  }
  const applied = new Map(history.map((row) => [row.migration_name, row.checksum]));
  for (const migration of migrations) {
    const checksum = applied.get(migration.name);
    if (checksum !== undefined && checksum !== migration.checksum) {
      throw new MigrationError(
        `Migration ${migration.name} was changed after it had been applied: expected checksum ${checksum}, found ` +
          `${migration.checksum}; restore the file and put the change into a new migration`,
      );
    }
  }
  return migrations.filter((migration) => !applied.has(migration.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  const id = randomUUID();
  const start = 'INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)';
  const finish = 'UPDATE _prisma_migrations SET finished_at = clock_timestamp(), applied_steps_count = 1 WHERE id = $1';
  const transactional = !NO_TRANSACTION.test(migration.sql);
  try {
    // In one transaction with its row of the history a migration is there or not: nothing to repair after a crash.
    if (transactional) await client.query('BEGIN');
    await client.query(start, [id, migration.checksum, migration.name]);
    await client.query(migration.sql);
    await client.query(finish, [id]);
    if (transactional) await client.query('COMMIT');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const record = transactional
      ? 'ROLLBACK'
      : { text: 'UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', values: [id, reason] };
    await client.query(record).catch(() => undefined);
    throw new MigrationError(
      `Migration ${migration.name} failed${transactional ? ' and left nothing' : ''}: ${reason}`,
      {
        cause: error,
      },
    );
  }
}

async function connectAsOwner(ownerUrl: string, logger: Logger): Promise<pg.Client> {
  try {
    return await connect(ownerUrl);
  } catch (error) {
    if (!hasCode(error, '3D000')) throw error;
  }
  await createDatabase(ownerUrl, logger);
  return await connect(ownerUrl);
}

async function createDatabase(ownerUrl: string, logger: Logger): Promise<void> {
  const url = new URL(ownerUrl);
  const database = databaseOf(ownerUrl);
  url.pathname = '/postgres';
  const client = await connect(url.href);
  try {
    // Search compares any character there is; a server may have been made with another encoding, and template1 with it.
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)} ENCODING 'UTF8' TEMPLATE template0`);
    logger.info({ database }, 'Created database');
  } catch (error) {
    // Another migrate was faster: 42P04, or a unique violation in the catalogue when both run at once.
    if (hasCode(error, '42P04') || hasCode(error, '23505')) return;
    if (hasCode(error, '42501')) {
      throw new MigrationError(
        `Database ${database} does not exist and the owner may not create it: create it, owned by ${url.username}`,
        { cause: error },
      );
    }
    throw error;
  } finally {
    await client.end();
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'migrate',
    connectionTimeoutMillis: 10_000,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Logger } from '../logger.ts';
import { databaseOf, hasCode, MigrationError } from './migration-error.ts';

interface AppRoleOptions {
  appUrl: string;
  ownerUrl: string;
  logger: Logger;
}

/**
 * Creates the service's database user, or sets its password to that of `appUrl`, where the owner may; a user that somebody
 * else manages is left alone. Returns false when owner and service are the same user: then there is nothing to grant.
 */
export async function ensureAppRole(client: pg.Client, options: AppRoleOptions): Promise<boolean> {
  const { appUrl, logger, ownerUrl } = options;
  const { role, password } = roleOf(appUrl);
  if (databaseOf(appUrl) !== databaseOf(ownerUrl)) {
    throw new MigrationError(
      `Expected DATABASE_URL and MIGRATION_DATABASE_URL to name one database, found ${databaseOf(appUrl)} and ${databaseOf(ownerUrl)}`,
    );
  }
  if (role === roleOf(ownerUrl).role) {
    logger.warn({ role }, 'Service and migrations use the same database user: the service could change its schema');
    return false;
  }
  const name = pg.escapeIdentifier(role);
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  const exists = rowCount === 1;
  const secret = password === '' ? 'NULL' : pg.escapeLiteral(scramVerifier(password));
  try {
    await client.query(
      `${exists ? 'ALTER' : 'CREATE'} ROLE ${name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD ${secret}`,
    );
    if (!exists) logger.info({ role }, 'Created database user');
    await shortenDeadlocks(client, name);
  } catch (error) {
    if (!hasCode(error, '42501')) {
      // Two databases of one server may be migrated at once for one user: the other was faster.
      if (hasCode(error, '42710') || hasCode(error, '23505') || hasCode(error, 'XX000')) return true;
      throw error;
    }
    if (!exists) {
      throw new MigrationError(
        `Database user ${role} does not exist and the owner may not create it: create it with LOGIN`,
        {
          cause: error,
        },
      );
    }
    logger.debug({ role }, 'Database user is managed elsewhere');
  }
  return true;
}

/** The server looks for a deadlock after 1 s; where the owner may say so (a superuser), after 200 ms. */
async function shortenDeadlocks(client: pg.Client, role: string): Promise<void> {
  try {
    await client.query(`ALTER ROLE ${role} SET deadlock_timeout = '200ms'`);
  } catch (error) {
    if (!hasCode(error, '42501')) throw error;
  }
}

/**
 * Rows yes, schema no: the service reads and writes every table there is or will be, reads the history of migrations, and
 * can neither create nor change anything. Nobody but owner and service can connect.
 */
export async function grantLeastPrivilege(
  client: pg.Client,
  options: { appUrl: string; logger: Logger },
): Promise<void> {
  const role = pg.escapeIdentifier(roleOf(options.appUrl).role);
  const database = pg.escapeIdentifier(databaseOf(options.appUrl));
  const rows = 'SELECT, INSERT, UPDATE, DELETE';
  await client.query(`
    GRANT USAGE ON SCHEMA public TO ${role};
    GRANT ${rows} ON ALL TABLES IN SCHEMA public TO ${role};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ${rows} ON TABLES TO ${role};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO ${role};
    REVOKE ALL ON _prisma_migrations FROM ${role};
    GRANT SELECT ON _prisma_migrations TO ${role};
    REVOKE CREATE ON SCHEMA public FROM PUBLIC, ${role};
    GRANT CONNECT ON DATABASE ${database} TO ${role};
    REVOKE CREATE, TEMPORARY ON DATABASE ${database} FROM ${role};
    REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
  `);
}

function roleOf(url: string): { role: string; password: string } {
  const { password, username } = new URL(url);
  return { role: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/**
 * RFC 5803 verifier, so that the password itself is in no statement that the server might log. PostgreSQL computes the same
 * for ASCII; other passwords would need SASLprep (RFC 4013) and are sent as they are.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  if (!/^[\x20-\x7e]*$/.test(password)) return password;
  const iterations = 4_096;
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`;
}

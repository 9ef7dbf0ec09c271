// Checks that the migrations of a service lead to exactly its prisma/schema.prisma: runs them in an empty database of a
// PostgreSQL made for this, and lets Prisma's schema engine compare. `node tools/drift.mjs [services/x …]`
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { tsImport } from 'tsx/esm/api';
import { readMigrations } from './generate.mjs';
import { diffDatabaseToSchema } from './schema-engine.mjs';
import { databaseServiceNames, selectServices, serviceFolder } from './workspace.mjs';

async function withClient(url, use) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Migrates an empty database and answers the SQL that is missing for the Prisma schema, undefined when none is. */
export async function findDrift({ serverUrl, name, migrations, schemaPath, schema }) {
  const database = `drift_${name.replaceAll('-', '_')}_${randomBytes(4).toString('hex')}`;
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  await withClient(serverUrl, (client) => client.query(`CREATE DATABASE ${database}`));
  try {
    await withClient(url.href, async (client) => {
      for (const { name: migration, sql } of migrations) {
        await client.query(sql).catch((error) => {
          throw new Error(`migration ${migration} fails: ${error.message}`);
        });
      }
    });
    return await diffDatabaseToSchema({ url: url.href, schemaPath, schema });
  } finally {
    await withClient(serverUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`));
  }
}

async function checkService(name, serverUrl) {
  const schemaPath = join(serviceFolder(name), 'prisma', 'schema.prisma');
  const migrations = readMigrations(name);
  try {
    const schema = readFileSync(schemaPath, 'utf8');
    const drift = await findDrift({ serverUrl, name, migrations, schemaPath, schema });
    if (drift === undefined) {
      console.log(`${name}: ${migrations.length} migrations lead to the schema`);
      return true;
    }
    console.error(`${name}: the migrations do not lead to prisma/schema.prisma; what is missing:\n${drift}\n`);
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
  }
  return false;
}

/** Starts a PostgreSQL whose data is thrown away afterwards. */
export async function withTemporaryPostgres(use) {
  const { startPostgresServer } = await tsImport('../packages/postgres-server/src/index.ts', import.meta.url);
  const folder = mkdtempSync(join(tmpdir(), 'souk-drift-'));
  const clean = () => rmSync(folder, { recursive: true, force: true });
  process.once('SIGINT', () => {
    clean(); // PostgreSQL ends with this process
    process.exit(130);
  });
  try {
    const server = await startPostgresServer({
      folder: join(folder, 'data'),
      password: randomBytes(18).toString('base64url'),
      logFile: join(folder, 'log'),
      settings: { fsync: 'off', synchronous_commit: 'off' },
      keepData: false,
      report: console.error,
    });
    try {
      return await use(server.url);
    } finally {
      await server.stop();
    }
  } finally {
    clean();
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const services = selectServices(process.argv.slice(2), databaseServiceNames());
  await withTemporaryPostgres(async (serverUrl) => {
    for (const service of services) if (!(await checkService(service, serverUrl))) process.exitCode = 1;
  });
}

import pg from 'pg';
import type { DatabaseUrls } from './environment.ts';

export interface DatabasePlan {
  /** URL of the superuser. */
  serverUrl: string;
  /** Names of the databases. */
  names: readonly string[];
  /** Of the roles; a new data folder fixes it. */
  password: string;
}

function urlFor({ serverUrl, password }: DatabasePlan, name: string, role: string): string {
  const url = new URL(serverUrl);
  url.username = role;
  url.password = password;
  url.pathname = `/${name}`;
  return url.href;
}

async function createMissing(client: pg.Client, name: string, password: string): Promise<void> {
  const literal = client.escapeLiteral(password);
  for (const role of [`${name}_owner`, `${name}_app`]) {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
    if (rowCount === 0) await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${literal}`);
  }
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  // Copying files takes a third of the time of logging every page, and nothing else runs on this server yet.
  if (rowCount === 0) await client.query(`CREATE DATABASE ${name} OWNER ${name}_owner STRATEGY file_copy`);
  await client.query(`REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`);
  await client.query(`GRANT CONNECT ON DATABASE ${name} TO ${name}_app`);
}

/** Makes the databases that are missing, each with an owner who migrates and a user for the service alone. */
export async function createDatabases(plan: DatabasePlan): Promise<Map<string, DatabaseUrls>> {
  const { serverUrl, names, password } = plan;
  const client = new pg.Client({ connectionString: serverUrl, application_name: 'souk start' });
  await client.connect();
  try {
    for (const name of names) await createMissing(client, name, password);
  } finally {
    await client.end();
  }
  return new Map(
    names.map((name) => [
      name,
      {
        ownerUrl: urlFor(plan, name, `${name}_owner`),
        appUrl: urlFor(plan, name, `${name}_app`),
      },
    ]),
  );
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../usage-error.ts';
import { DATABASE_NAMES, type DatabaseName, type DatabaseUrls } from './shop-databases.ts';

/** Databases and how they were found. */
export interface FoundDatabases {
  urls: DatabaseUrls;
  /** Of the one-process run, whose broker is within it. */
  isOneProcess: boolean;
}

export interface DatabaseSource {
  /** `--users-url` and so on. */
  options: Readonly<Record<string, string | undefined>>;
  env: Readonly<Record<string, string | undefined>>;
  /** Of the one-process run. */
  dataFolder: string;
}

/** `ORDERS_DATABASE_URL` and so on. */
export function variableOf(database: DatabaseName): string {
  return `${database.toUpperCase()}_DATABASE_URL`;
}

/** `--orders-url` and so on. */
export function optionOf(database: DatabaseName): string {
  return `${database}-url`;
}

/**
 * The five databases: as the options say, else the environment; when neither names any, those of the one-process run, which
 * writes its port and its password into its data folder. Throws UsageError.
 */
export function findDatabases({ options, env, dataFolder }: DatabaseSource): FoundDatabases {
  const given = DATABASE_NAMES.map((name) => [name, options[optionOf(name)] ?? env[variableOf(name)]] as const);
  const missing = given.filter(([, url]) => url === undefined || url === '').map(([name]) => name);
  if (missing.length === 0) return { urls: Object.fromEntries(given) as unknown as DatabaseUrls, isOneProcess: false };
  if (missing.length < DATABASE_NAMES.length) {
    const wanted = missing.map((name) => `${variableOf(name)} or --${optionOf(name)}`).join(', ');
    throw new UsageError(`Some databases are named and others not; missing: ${wanted}`);
  }
  return { urls: embeddedDatabases(dataFolder), isOneProcess: true };
}

function embeddedDatabases(folder: string): DatabaseUrls {
  const announcement = readJson(folder, 'platform.json');
  const secrets = readJson(folder, 'secrets.json');
  const port = announcement?.postgresPort;
  const password = secrets?.databasePassword;
  if (typeof port !== 'number' || typeof password !== 'string') {
    throw new UsageError(
      `No platform runs in ${folder}. Start one with "npm start", name another folder with --data, or name the databases ` +
        `with ${DATABASE_NAMES.map(variableOf).join(', ')}.`,
    );
  }
  const urlOf = (name: DatabaseName) =>
    `postgresql://${name}_owner:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`;
  return Object.fromEntries(DATABASE_NAMES.map((name) => [name, urlOf(name)])) as unknown as DatabaseUrls;
}

function readJson(folder: string, name: string): Record<string, unknown> | undefined {
  const path = join(folder, name);
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from './start-error.ts';

/** What is generated once for a data folder, and never leaves it. */
export interface Secrets {
  internalSecret: string;
  /** Of PostgreSQL's superuser. */
  postgresPassword: string;
  /** Of the owners and the services' own users of the databases. */
  databasePassword: string;
}

const FIELDS = ['internalSecret', 'postgresPassword', 'databasePassword'] as const;

function parseSecrets(path: string): Secrets {
  const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (typeof content === 'object' && content !== null) {
    const record = content as Record<string, unknown>;
    const [internalSecret, postgresPassword, databasePassword] = FIELDS.map((field) => record[field]);
    if (
      typeof internalSecret === 'string' &&
      typeof postgresPassword === 'string' &&
      typeof databasePassword === 'string'
    ) {
      return { internalSecret, postgresPassword, databasePassword };
    }
  }
  throw new SyntaxError('fields are missing');
}

/** Reads the secrets of a data folder, or makes them when it is new. Only its owner may read the file. */
export function loadSecrets(folder: string): Secrets {
  const path = join(folder, 'secrets.json');
  if (existsSync(path)) {
    try {
      return parseSecrets(path);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new StartError(`${path} is damaged; "npm start -- --reset" begins anew.`, { cause: error });
    }
  }
  if (existsSync(join(folder, 'postgres', 'souk-initialised'))) {
    throw new StartError(
      `${path} is missing, and with it the passwords of the data; "npm start -- --reset" begins anew.`,
    );
  }
  const [internalSecret = '', postgresPassword = '', databasePassword = ''] = FIELDS.map(() =>
    randomBytes(36).toString('base64url'),
  );
  const secrets = { internalSecret, postgresPassword, databasePassword };
  // On the disk before its name is: a power cut must not leave an empty file, and so data without passwords.
  writeFileSync(`${path}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  return secrets;
}

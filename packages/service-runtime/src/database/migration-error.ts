/** The database cannot be migrated; the message is one sentence that says what was expected and what was found. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** Whether a driver's error carries this SQLSTATE. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** The database that a connection URL names. */
export function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

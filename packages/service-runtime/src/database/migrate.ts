import type { Logger } from '../logger.ts';
export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}
export interface MigrateOptions {
  ownerUrl: string;
  appUrl: string;
  migrations: readonly Migration[];
  logger: Logger;
}
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  void options;
  return { applied: [] };
}

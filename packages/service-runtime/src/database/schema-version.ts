import { HealthCheckError } from '../health.ts';
import type { Migration } from './migrate.ts';
import { hasCode } from './migration-error.ts';
import type { Queryable } from './pool.ts';

/**
 * Throws while the database is older than this build needs. A newer database passes: the old build runs on beside the new
 * one during a rollout, and migrations are additive.
 */
export async function assertSchemaIsCurrent(db: Queryable, migrations: readonly Migration[]): Promise<void> {
  const applied = await readApplied(db);
  const missing = migrations.filter((migration) => !applied.has(migration.name)).map((migration) => migration.name);
  if (missing.length > 0)
    throw new HealthCheckError(`the schema is older than this build needs: ${missing.join(', ')}`);
}

async function readApplied(db: Queryable): Promise<Set<string>> {
  try {
    const { rows } = await db.query<{ migration_name: string }>(
      'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    );
    return new Set(rows.map((row) => row.migration_name));
  } catch (error) {
    // 42P01: no table yet. 42501: the grants of the first migrate are not there yet.
    if (hasCode(error, '42P01') || hasCode(error, '42501')) return new Set();
    throw error;
  }
}

import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from './platform.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Eight hex digits over the names of a service's migrations: a new migration makes a new Job, nothing else does. */
export function readSchemaRevision(service: ServiceName, root: string = ROOT): string {
  const folder = `${root}services/${service}/prisma/migrations`;
  const names = existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .sort()
    : [];
  return createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 8);
}

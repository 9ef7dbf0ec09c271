import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clearLeftovers } from '@souk/postgres-server';

const KEPT_BY_RESET = new Set(['lock']);

/** Makes the data folder. Others may pass through it, because PostgreSQL may run as another user; nothing more. */
export function createDataFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  for (const name of ['logs', 'mail']) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  // Whoever copies or commits the workspace leaves the data out.
  const ignore = join(folder, '.gitignore');
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
}

/** Empties the data folder, which the caller holds, after stopping a PostgreSQL that a killed run left on it. */
export async function resetDataFolder(folder: string, report: (line: string) => void): Promise<void> {
  await clearLeftovers(join(folder, 'postgres'), report);
  for (const name of readdirSync(folder)) {
    if (!KEPT_BY_RESET.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  createDataFolder(folder);
}

/** What is known about the data from one run to the next. */
export interface DataState {
  /** When the demonstration content was written. */
  seededAt?: string;
}

export function readState(folder: string): DataState {
  try {
    return JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')) as DataState;
  } catch {
    return {}; // new, or damaged by a crash: seeding again changes nothing that is there
  }
}

export function writeState(folder: string, state: DataState): void {
  writeFileSync(join(folder, 'state.json'), `${JSON.stringify(state)}\n`);
}

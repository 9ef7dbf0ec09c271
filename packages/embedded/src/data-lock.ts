import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSameProcess, processStartTime } from '@souk/postgres-server';
import { StartError } from './start-error.ts';

const TRIES = 5;

interface Holder {
  pid: number;
  startTime: string;
}

export interface DataLock {
  release(): void;
}

function readHolder(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    const { pid, startTime } = holder;
    return typeof pid === 'number' && typeof startTime === 'string' ? { pid, startTime } : undefined;
  } catch {
    return undefined;
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

/** Puts aside a lock whose holder has died, unless somebody else was faster and holds it now. */
function removeStale(path: string, stale: Holder | undefined): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return; // gone already
  }
  const moved = readHolder(aside);
  if (moved !== undefined && moved.startTime !== stale?.startTime) {
    try {
      linkSync(aside, path); // not the one that was looked at: back with it
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
  rmSync(aside, { force: true });
}

/**
 * Takes the data folder for this process alone. A lock left by a process that was killed does not count, whoever has its
 * pid today. Throws StartError when another run holds it.
 */
export function lockDataFolder(folder: string): DataLock {
  const path = join(folder, 'lock');
  const mine: Holder = { pid: process.pid, startTime: processStartTime(process.pid) ?? '' };
  const prepared = `${path}.${process.pid}`;
  writeFileSync(prepared, JSON.stringify(mine));
  try {
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      try {
        linkSync(prepared, path); // unlike a write, it comes into being with its content
        return { release: () => rmSync(path, { force: true }) };
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
      const holder = readHolder(path);
      if (holder !== undefined && isSameProcess(holder.pid, holder.startTime)) {
        throw new StartError(
          `Souk runs on ${folder} already (process ${holder.pid}): stop it first, or give this run its own folder with SOUK_DATA_DIRECTORY.`,
        );
      }
      removeStale(path, holder);
    }
  } finally {
    rmSync(prepared, { force: true });
  }
  throw new StartError(`Several runs want ${folder} at once: try again.`);
}

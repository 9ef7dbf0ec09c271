import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isSameProcess, processStartTime } from '@souk/postgres-server';
import { StartError } from './start-error.ts';

const TRIES = 5;
const BEAT_INTERVAL_MS = 2_000;
/** So long after its last beat a holder that cannot be seen from here counts as dead. */
const SILENCE_MS_MAX = 15_000;

interface Holder {
  pid: number;
  startTime: string;
  /** A container sees none of its host's processes, and the host others of the same number. */
  host?: string;
}

export interface DataLock {
  release(): void;
}

function readHolder(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    const { pid, startTime, host } = holder;
    if (typeof pid !== 'number' || typeof startTime !== 'string') return undefined;
    return { pid, startTime, ...(typeof host === 'string' ? { host } : {}) };
  } catch {
    return undefined;
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

function isAlive(path: string, { pid, startTime, host }: Holder): boolean {
  if (host === undefined || host === hostname()) return isSameProcess(pid, startTime);
  try {
    return Date.now() - statSync(path).mtimeMs < SILENCE_MS_MAX;
  } catch {
    return false; // released meanwhile
  }
}

function refusal(folder: string, { pid, host }: Holder): StartError {
  const elsewhere = host !== undefined && host !== hostname();
  return new StartError(
    `Souk runs on ${folder} already (process ${pid}${elsewhere ? ` on ${host}` : ''}): stop it first, or give this run its own folder with SOUK_DATA_DIRECTORY.${elsewhere ? ` If it was killed, try again in ${SILENCE_MS_MAX / 1_000} seconds.` : ''}`,
  );
}

/** Shows those who cannot see this process that it lives. */
function keepBeating(path: string): DataLock {
  const timer = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(path, now, now);
    } catch {
      // a folder that was taken away is noticed by whoever writes to it
    }
  }, BEAT_INTERVAL_MS).unref();
  return {
    release() {
      clearInterval(timer);
      rmSync(path, { force: true });
    },
  };
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
 * pid today; one on another host or in another container counts while it beats. Throws StartError when another run holds it.
 */
export function lockDataFolder(folder: string): DataLock {
  const path = join(folder, 'lock');
  const mine: Holder = { pid: process.pid, startTime: processStartTime(process.pid) ?? '', host: hostname() };
  const prepared = `${path}.${process.pid}`;
  writeFileSync(prepared, JSON.stringify(mine));
  try {
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      try {
        linkSync(prepared, path); // unlike a write, it comes into being with its content
        return keepBeating(path);
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(path, holder)) throw refusal(folder, holder);
      removeStale(path, holder);
    }
  } finally {
    rmSync(prepared, { force: true });
  }
  throw new StartError(`Several runs want ${folder} at once: try again.`);
}

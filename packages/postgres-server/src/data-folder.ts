import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresBinaries } from './binaries.ts';
import { explainFailure } from './postgres-server-error.ts';
import { processCommand, processStartTime } from './process-identity.ts';
import type { RunAs } from './unprivileged-user.ts';

const ORPHAN_STOP_MS = 15_000;

export interface InitialiseOptions {
  folder: string;
  password: string;
  binaries: PostgresBinaries;
  runAs: RunAs;
}

function run(command: string[], runAs: RunAs): Promise<{ code: number | null; output: string }> {
  const [program = '', ...args] = [...runAs.prefix, ...command];
  const identity =
    runAs.prefix.length > 0 || runAs.uid === undefined ? {} : { uid: runAs.uid, gid: runAs.gid ?? runAs.uid };
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      ...identity,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => resolve({ code: -1, output: `${output}${error.message}` }));
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** Creates the database cluster in `folder`, unless it is there already. Its superuser is `postgres`. */
export async function initialiseDataFolder({ folder, password, binaries, runAs }: InitialiseOptions): Promise<boolean> {
  // PG_VERSION is among the first files written; the marker is ours, and written when all is there. A folder without it
  // is what a crash in the middle of initdb left behind, and holds nothing yet.
  const marker = join(folder, 'souk-initialised');
  if (existsSync(marker)) return false;
  const passwordFile = `${folder}.password`;
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (runAs.uid !== undefined) {
      chownSync(folder, runAs.uid, runAs.gid ?? runAs.uid);
      chownSync(passwordFile, runAs.uid, runAs.gid ?? runAs.uid);
    }
    const { code, output } = await run(
      [
        binaries.initdb,
        `--pgdata=${folder}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // The builtin provider sorts by code point on every platform and needs no locale of the machine.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        // What a crash of the machine leaves half-written is made again: see the marker.
        '--no-sync',
      ],
      runAs,
    );
    if (code !== 0) throw explainFailure(folder, output);
    writeFileSync(marker, '');
    return true;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (error instanceof Error && 'code' in error)
      throw explainFailure(folder, `${error.code} ${error.message}`, error);
    throw error;
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Pid and state that PostgreSQL notes in its folder while it runs. */
export function readPostmasterFile(folder: string): { pid: number; state: string } | undefined {
  try {
    const lines = readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(lines[0]);
    return Number.isInteger(pid) && pid > 0 ? { pid, state: lines[7]?.trim() ?? '' } : undefined;
  } catch {
    return undefined;
  }
}

async function waitForEnd(pid: number, startTime: string, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (processStartTime(pid) === startTime) {
    if (Date.now() > deadline) return false;
    await sleep(25);
  }
  return true;
}

/**
 * Ends a PostgreSQL that outlived the process which had started it, and removes the pid file that a killed one left.
 * The caller must hold the folder: nobody else's server may be meant. PostgreSQL itself would refuse to start whenever
 * any process has the noted pid, which after a restart of the machine is often somebody else's.
 */
export async function clearLeftovers(folder: string, report: (line: string) => void): Promise<void> {
  const noted = readPostmasterFile(folder);
  if (noted === undefined) return;
  const startTime = processStartTime(noted.pid);
  if (startTime !== undefined && (processCommand(noted.pid) ?? folder).includes(folder)) {
    report(`Stopping PostgreSQL ${noted.pid}, left over from a run that was killed`);
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      try {
        process.kill(noted.pid, signal);
      } catch {
        // it has ended meanwhile
      }
      if (await waitForEnd(noted.pid, startTime, ORPHAN_STOP_MS)) break;
    }
  }
  rmSync(join(folder, 'postmaster.pid'), { force: true });
}

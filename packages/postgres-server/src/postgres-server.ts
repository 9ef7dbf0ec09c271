import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPostgresBinaries, type PostgresBinaries } from './binaries.ts';
import { clearLeftovers, initialiseDataFolder, readPostmasterFile } from './data-folder.ts';
import { freePort } from './free-port.ts';
import { explainFailure, PostgresServerError } from './postgres-server-error.ts';
import { chooseRunAs, type RunAs } from './unprivileged-user.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const LOG_BYTES_MAX = 10_000_000;

// PostgreSQL must not outlive this process, however it ends: a shell, detached from both, waits for the end of its input,
// which a killed process brings about too, and asks PostgreSQL to stop. A line of input tells it that there is nothing left to do.
const WATCHED_START = 'exec 3<&0; ( ( read -r line <&3 || kill -INT $$ 2>/dev/null ) & ); exec "$@" 3<&- </dev/null';

export interface PostgresServerOptions {
  /** Where the data lives; created when missing. Whoever calls must be the only one to use it. */
  folder: string;
  /** Password of the superuser `postgres`, fixed when the folder is created. */
  password: string;
  /** A port of 127.0.0.1; a free one by default. */
  port?: number;
  /** Where PostgreSQL writes its log; started anew above 10 MB. */
  logFile: string;
  /** Further settings; `fsync: 'off'` only for data that nobody will miss. */
  settings?: Record<string, string>;
  /** False when the data is to be thrown away: stopping then skips the last checkpoint. */
  keepData?: boolean;
  report?: (line: string) => void;
}

export interface PostgresServer {
  /** Of the superuser and the database `postgres`. */
  url: string;
  port: number;
  pid: number;
  /** Whether the data folder was created by this start. */
  created: boolean;
  /** Settles when the server has ended, asked to or not. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

function openLog(path: string): number {
  try {
    const descriptor = openSync(path, 'a+', 0o600);
    if (fstatSync(descriptor).size > LOG_BYTES_MAX) ftruncateSync(descriptor);
    return descriptor;
  } catch (error) {
    throw explainFailure(path, String(error), error);
  }
}

interface Launch {
  binaries: PostgresBinaries;
  runAs: RunAs;
  port: number;
  options: PostgresServerOptions;
}

function launch({ binaries, runAs, port, options }: Launch): ChildProcess {
  const settings = {
    listen_addresses: '127.0.0.1',
    // No socket file: its place differs between systems, and two servers of one port number would fight over it.
    unix_socket_directories: '',
    max_connections: '100',
    log_checkpoints: 'off',
    ...options.settings,
  };
  const command = [
    ...runAs.prefix,
    binaries.postgres,
    '-D',
    options.folder,
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const log = openLog(options.logFile);
  const identity =
    runAs.prefix.length > 0 || runAs.uid === undefined ? {} : { uid: runAs.uid, gid: runAs.gid ?? runAs.uid };
  const environment = { ...process.env, LC_ALL: 'C' };
  try {
    // Detached, because Ctrl-C goes to the whole group of a terminal, and the services stop before their database.
    if (process.platform === 'win32') {
      const [program = '', ...args] = command;
      return spawn(program, args, { stdio: ['pipe', log, log], env: environment });
    }
    return spawn('/bin/sh', ['-c', WATCHED_START, 'postgres', ...command], {
      ...identity,
      cwd: '/',
      detached: true,
      stdio: ['pipe', log, log],
      env: environment,
    });
  } finally {
    closeSync(log);
  }
}

function logSince(path: string, offset: number): string {
  return readFileSync(path).subarray(offset).toString('utf8');
}

async function waitUntilReady(child: ChildProcess, folder: string): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const noted = readPostmasterFile(folder);
    if (noted?.pid === child.pid && noted?.state === 'ready') return true;
    await sleep(15);
  }
  return false;
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => {
      child.stdin?.end('ended\n');
      resolve();
    });
    child.once('error', () => resolve());
  });
}

async function stopChild(child: ChildProcess, ended: Promise<void>, signals: NodeJS.Signals[]): Promise<void> {
  for (const signal of signals) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const timeout = new AbortController();
    const late = sleep(STOP_TIMEOUT_MS, true, { signal: timeout.signal }).catch(() => false);
    const isLate = await Promise.race([ended.then(() => false), late]);
    timeout.abort();
    if (!isLate) return;
  }
}

/**
 * Starts PostgreSQL from npm on `folder` and waits until it takes connections. It ends with this process, also when that
 * is killed. Throws PostgresServerError.
 */
export async function startPostgresServer(options: PostgresServerOptions): Promise<PostgresServer> {
  const report = options.report ?? (() => {});
  const binaries = findPostgresBinaries();
  const runAs = chooseRunAs({ program: binaries.postgres, folder: dirname(options.folder) }, report);
  const created = await initialiseDataFolder({ folder: options.folder, password: options.password, binaries, runAs });
  if (!created) await clearLeftovers(options.folder, report);

  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const logStart = logSize(options.logFile);
    const child = launch({ binaries, runAs, port, options });
    const ended = endOf(child);
    child.stdin?.on('error', () => {}); // the watching shell may be gone first
    if (await waitUntilReady(child, options.folder)) {
      const signals: NodeJS.Signals[] =
        options.keepData === false ? ['SIGQUIT', 'SIGKILL'] : ['SIGINT', 'SIGQUIT', 'SIGKILL'];
      child.unref();
      return {
        url: `postgresql://postgres:${encodeURIComponent(options.password)}@127.0.0.1:${port}/postgres`,
        port,
        pid: child.pid ?? 0,
        created,
        ended,
        stop: () => stopChild(child, ended, signals),
      };
    }
    await stopChild(child, ended, ['SIGQUIT', 'SIGKILL']);
    const report = logSince(options.logFile, logStart);
    const portWasTaken = /could not bind|Address already in use/.test(report);
    if (portWasTaken && options.port === undefined && attempt < 3) continue;
    if (portWasTaken) {
      throw new PostgresServerError('not-started', `PostgreSQL did not start: port ${port} is in use.`);
    }
    throw explainFailure(options.folder, report);
  }
}

function logSize(path: string): number {
  try {
    return readFileSync(path).length;
  } catch {
    return 0;
  }
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clearLeftovers, freePort, type PostgresServer, processStartTime, startPostgresServer } from './index.ts';

let root: string;
let server: PostgresServer | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'souk-postgres-'));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  rmSync(root, { recursive: true, force: true });
});

const folder = () => join(root, 'data');
const options = () => ({ folder: folder(), password: 'p@ss word', logFile: join(root, 'log') });

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function untilGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (processStartTime(pid) === undefined) return true;
    await sleep(50);
  }
  return false;
}

/** A process that starts the server, prints its pid and then does nothing. */
async function startInChild(): Promise<{ child: ChildProcess; postgresPid: number }> {
  const index = fileURLToPath(new URL('index.ts', import.meta.url));
  const script = `
    import { startPostgresServer } from ${JSON.stringify(index)};
    const server = await startPostgresServer(${JSON.stringify(options())});
    console.log(server.pid);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))));
  return { child, postgresPid: Number(output) };
}

describe('a PostgreSQL from npm', () => {
  it('keeps its data from one start to the next', async () => {
    server = await startPostgresServer(options());
    expect(server.created).toBe(true);
    await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await server.stop();
    server = await startPostgresServer(options());
    expect(server.created).toBe(false);
    expect(await query(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('listens on the loopback address only, and takes no connection without the password', async () => {
    server = await startPostgresServer(options());
    expect(await query(server.url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    await expect(query(server.url.replace('p%40ss%20word', 'wrong'), 'SELECT 1')).rejects.toThrow(/password/);
  });

  it('ends with the process that started it when that is killed', async () => {
    const { child, postgresPid } = await startInChild();
    child.kill('SIGKILL');
    expect(await untilGone(postgresPid)).toBe(true);
    server = await startPostgresServer(options());
    expect(server.created).toBe(false);
  });

  it('starts over a pid file that names somebody else’s process', async () => {
    server = await startPostgresServer(options());
    await server.stop();
    writeFileSync(join(folder(), 'postmaster.pid'), `${process.pid}\n${folder()}\n`);
    server = await startPostgresServer(options());
    // That process is none of PostgreSQL's, and lives on.
    expect(processStartTime(process.pid)).toBeDefined();
  });

  it('stops a server that was left over on the folder', async () => {
    const first = await startPostgresServer(options());
    const reports: string[] = [];
    await clearLeftovers(folder(), (line) => reports.push(line));
    expect(reports).toEqual([`Stopping PostgreSQL ${first.pid}, left over from a run that was killed`]);
    expect(await untilGone(first.pid)).toBe(true);
  });

  it('makes a folder again whose creation was cut short', async () => {
    server = await startPostgresServer(options());
    await server.stop();
    rmSync(join(folder(), 'souk-initialised'));
    server = await startPostgresServer(options());
    expect(server.created).toBe(true);
  });

  it('says that its port is in use', async () => {
    const port = await freePort();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', () => resolve()));
    await expect(startPostgresServer({ ...options(), port })).rejects.toThrow(`port ${port} is in use`);
    other.close();
  });

  it('tells when it ended without being asked to', async () => {
    server = await startPostgresServer(options());
    process.kill(server.pid, 'SIGKILL');
    await server.ended;
    expect(readFileSync(join(root, 'log'), 'utf8')).toContain('ready to accept connections');
  });

  it('says that the data is of another major version', async () => {
    server = await startPostgresServer(options());
    await server.stop();
    writeFileSync(join(folder(), 'PG_VERSION'), '9\n');
    await expect(startPostgresServer(options())).rejects.toMatchObject({ problem: 'version-mismatch' });
  });

  it('says in a sentence of PostgreSQL what else keeps it from starting', async () => {
    const settings = { max_connections: 'many' };
    await expect(startPostgresServer({ ...options(), settings })).rejects.toThrow(
      /^PostgreSQL did not start: .*invalid value for parameter "max_connections": "many"$/,
    );
  });

  it('says that its log cannot be written', async () => {
    const logFile = join(root, 'nowhere', 'log');
    await expect(startPostgresServer({ ...options(), logFile })).rejects.toThrow(/ENOENT.*nowhere/);
  });

  it('begins its log anew above 10 MB', async () => {
    const { logFile } = options();
    writeFileSync(logFile, '');
    truncateSync(logFile, 10_000_001);
    server = await startPostgresServer({ ...options(), keepData: false });
    expect(statSync(logFile).size).toBeLessThan(1_000_000);
  });

  it('says that the folder cannot be written', async () => {
    const blocked = join(root, 'blocked');
    writeFileSync(blocked, '');
    chmodSync(blocked, 0o400);
    await expect(startPostgresServer({ ...options(), folder: join(blocked, 'data') })).rejects.toThrow();
  });

  it.runIf(process.getuid?.() === 0 && process.platform === 'linux')('says that the disk is full', async () => {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m,mode=755', 'souk-test', root]);
    if (mounted.status !== 0) return; // a container without the right to mount
    try {
      await expect(startPostgresServer(options())).rejects.toThrow(`The disk that holds ${folder()} is full.`);
    } finally {
      spawnSync('umount', [root]);
    }
  });
});

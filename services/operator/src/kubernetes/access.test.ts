import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAccess } from './access.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'souk-access-'));
  writeFileSync(join(folder, 'token'), 'first\n');
  writeFileSync(join(folder, 'ca.crt'), 'the authority');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('The way to the API server', () => {
  it('is a pod’s own account inside of a cluster, whose token is read again when it was exchanged', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const access = createAccess({ host: 'fd00::1', port: '6443', accountFolder: folder });
    const { options, server } = await access();
    expect(server.href).toBe('https://[fd00::1]:6443/');
    expect(options).toEqual({ ca: 'the authority', headers: { authorization: 'Bearer first' } });
    writeFileSync(join(folder, 'token'), 'second');
    expect((await access()).options.headers).toEqual({ authorization: 'Bearer first' });
    vi.setSystemTime(Date.now() + 61_000);
    expect((await access()).options.headers).toEqual({ authorization: 'Bearer second' });
  });

  it('is a kubeconfig elsewhere', async () => {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'it',
      clusters: [{ name: 'it', cluster: { server: 'https://127.0.0.1:9999', 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'it', user: { token: 'mine' } }],
      contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
    };
    const path = join(folder, 'kubeconfig');
    writeFileSync(path, JSON.stringify(config));
    vi.stubEnv('KUBECONFIG', path);
    const access = createAccess();
    const { options, server } = await access();
    expect(server.href).toBe('https://127.0.0.1:9999/');
    expect(options.headers).toMatchObject({ Authorization: 'Bearer mine' });
    expect(options.rejectUnauthorized).toBe(false);
  });
});

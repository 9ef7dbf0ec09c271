import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseRunAs } from './unprivileged-user.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'souk-user-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const asUser = (uid: number) => void vi.spyOn(process, 'getuid').mockReturnValue(uid);
const choose = () => chooseRunAs({ program: '/bin/true', folder }, () => {});

describe.runIf(process.platform !== 'win32')('whom PostgreSQL runs as', () => {
  it('is whoever starts it, unless that is root', () => {
    asUser(1_000);
    expect(choose()).toEqual({ prefix: [] });
  });

  it.runIf(process.getuid?.() === 0)(
    'is another user for root, without any of root’s rights where that will do',
    () => {
      chmodSync(folder, 0o755);
      expect(choose()).toEqual({ uid: expect.any(Number), gid: expect.any(Number), prefix: [] });
    },
  );

  it.runIf(process.getuid?.() === 0)('keeps the right to search closed folders where the workspace is in one', () => {
    chmodSync(folder, 0o700);
    const { prefix, uid } = choose();
    expect(prefix[0]).toBe('setpriv');
    expect(prefix).toContain(`--reuid=${uid}`);
    expect(prefix.filter((option) => option.includes('caps'))).toEqual([
      '--inh-caps=+dac_read_search',
      '--ambient-caps=+dac_read_search',
    ]);
  });

  it('is nobody where root cannot hand the folder on, and the message says what to do', () => {
    asUser(0);
    chmodSync(folder, 0o700);
    vi.stubEnv('PATH', '/nowhere'); // no setpriv
    expect(choose).toThrow(expect.objectContaining({ problem: 'no-unprivileged-user' }));
  });
});

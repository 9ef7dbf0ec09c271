import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isSameProcess, processCommand, processStartTime } from './process-identity.ts';

// Above the highest pid that Linux gives.
const NOBODY = 2 ** 22 + 1;
const folders: string[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function onPlatform(platform: NodeJS.Platform): void {
  vi.spyOn(process, 'platform', 'get').mockReturnValue(platform);
}

/** A `ps` that answers this, and nothing else on the path. */
function withPs(script: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'souk-ps-'));
  folders.push(folder);
  writeFileSync(join(folder, 'ps'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'ps'), 0o755);
  vi.stubEnv('PATH', folder);
}

describe.runIf(process.platform === 'linux')('a process of Linux', () => {
  it('is known by its pid and the time of its start', () => {
    const startTime = processStartTime(process.pid) ?? '';
    expect(startTime).toMatch(/^\d+$/);
    expect(isSameProcess(process.pid, startTime)).toBe(true);
    expect(isSameProcess(process.pid, '1')).toBe(false);
    expect(processCommand(process.pid)).toContain('node');
  });

  it('that is not there has neither start nor command', () => {
    expect([processStartTime(NOBODY), processCommand(NOBODY)]).toEqual([undefined, undefined]);
  });
});

describe.runIf(process.platform !== 'win32')('a process of macOS', () => {
  it('is asked of ps', () => {
    onPlatform('darwin');
    withPs('if [ "$2" = lstart= ]; then echo "Sun Nov 22 12:00:00 2026 "; else echo "postgres -D /data"; fi');
    expect(processStartTime(7)).toBe('Sun Nov 22 12:00:00 2026');
    expect(processCommand(7)).toBe('postgres -D /data\n');
  });

  it('that ps does not know is not there', () => {
    onPlatform('darwin');
    withPs('exit 1');
    expect([processStartTime(7), processCommand(7)]).toEqual([undefined, undefined]);
    withPs('echo');
    expect(processStartTime(7)).toBeUndefined();
  });
});

describe('a process of Windows', () => {
  it('has no start that can be known, but is alive or not', () => {
    onPlatform('win32');
    expect(processStartTime(process.pid)).toBe('alive');
    expect(processStartTime(NOBODY)).toBeUndefined();
  });

  it('of somebody else is alive', () => {
    onPlatform('win32');
    vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new TypeError('not permitted'), { code: 'EPERM' });
    });
    expect(processStartTime(1)).toBe('alive');
  });
});

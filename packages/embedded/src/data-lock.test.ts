import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lockDataFolder } from './data-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'souk-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lockPath = () => join(folder, 'lock');

describe('the lock of a data folder', () => {
  it('is refused to a second run while the first one lives', () => {
    const lock = lockDataFolder(folder);
    expect(() => lockDataFolder(folder)).toThrow(`Souk runs on ${folder} already (process ${process.pid})`);
    lock.release();
    lockDataFolder(folder).release();
  });

  it('passes on when its holder has died', () => {
    writeFileSync(lockPath(), JSON.stringify({ pid: 2 ** 22 + 1, startTime: '1' }));
    const lock = lockDataFolder(folder);
    expect(JSON.parse(readFileSync(lockPath(), 'utf8'))).toMatchObject({ pid: process.pid });
    lock.release();
  });

  it('passes on when its holder has died and another process has its pid', () => {
    writeFileSync(lockPath(), JSON.stringify({ pid: process.ppid, startTime: 'long ago' }));
    lockDataFolder(folder).release();
  });

  it('is refused while a holder in another container beats, and passes on when it is silent', () => {
    writeFileSync(lockPath(), JSON.stringify({ pid: 2 ** 22 + 1, startTime: '1', host: 'elsewhere' }));
    expect(() => lockDataFolder(folder)).toThrow(/already \(process 4194305 on elsewhere\).*again in 15 seconds/);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(lockPath(), longAgo, longAgo);
    lockDataFolder(folder).release();
  });

  it('beats as long as it is held', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const lock = lockDataFolder(folder);
      const longAgo = new Date(Date.now() - 60_000);
      utimesSync(lockPath(), longAgo, longAgo);
      vi.advanceTimersByTime(2_000);
      expect(Date.now() - statSync(lockPath()).mtimeMs).toBeLessThan(30_000);
      lock.release();
      vi.advanceTimersByTime(10_000);
      expect(existsSync(lockPath())).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  it('passes on when a crash left it damaged', () => {
    writeFileSync(lockPath(), '');
    lockDataFolder(folder).release();
  });

  it('leaves nothing behind', () => {
    writeFileSync(lockPath(), 'damaged');
    lockDataFolder(folder).release();
    expect(existsSync(lockPath())).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });
});

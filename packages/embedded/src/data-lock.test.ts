import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

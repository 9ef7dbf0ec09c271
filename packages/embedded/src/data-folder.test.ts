import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDataFolder, readState, resetDataFolder, writeState } from './data-folder.ts';

let root: string;
const folder = () => join(root, 'a', 'data');
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'souk-data-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the data folder', () => {
  it('is closed to others, is left out of commits, and is made once', () => {
    createDataFolder(folder());
    expect(statSync(join(folder(), 'mail')).mode & 0o077).toBe(0);
    writeFileSync(join(folder(), '.gitignore'), 'mine\n');
    createDataFolder(folder());
    expect(readFileSync(join(folder(), '.gitignore'), 'utf8')).toBe('mine\n');
  });

  it('keeps nothing but the lock through a reset', async () => {
    createDataFolder(folder());
    for (const name of ['lock', 'secrets.json', 'mail/a.eml']) writeFileSync(join(folder(), name), name);
    await resetDataFolder(folder(), () => {});
    expect(existsSync(join(folder(), 'lock'))).toBe(true);
    expect(existsSync(join(folder(), 'secrets.json'))).toBe(false);
    expect(existsSync(join(folder(), 'mail/a.eml'))).toBe(false);
    expect(existsSync(join(folder(), 'mail'))).toBe(true);
  });

  it('knows what was seeded, and takes a damaged note for none', () => {
    createDataFolder(folder());
    expect(readState(folder())).toEqual({});
    writeState(folder(), { seededAt: '2026-01-01T00:00:00.000Z' });
    expect(readState(folder())).toEqual({ seededAt: '2026-01-01T00:00:00.000Z' });
    writeFileSync(join(folder(), 'state.json'), '{"seeded');
    expect(readState(folder())).toEqual({});
  });
});

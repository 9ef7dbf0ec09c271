import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSecrets } from './secrets.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'souk-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the secrets of a data folder', () => {
  it('are made once, and only their owner may read them', () => {
    const secrets = loadSecrets(folder);
    expect(Buffer.byteLength(secrets.internalSecret)).toBeGreaterThanOrEqual(32);
    expect(loadSecrets(folder)).toEqual(secrets);
    expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
  });

  it('differ between folders and from each other', () => {
    const { internalSecret, postgresPassword, databasePassword } = loadSecrets(folder);
    expect(new Set([internalSecret, postgresPassword, databasePassword]).size).toBe(3);
  });

  it('say what to do when they are damaged or lost', () => {
    writeFileSync(join(folder, 'secrets.json'), '{"internalSecret":"only');
    expect(() => loadSecrets(folder)).toThrow(/secrets.json is damaged; "npm start -- --reset"/);
    rmSync(join(folder, 'secrets.json'));
    mkdirSync(join(folder, 'postgres'));
    writeFileSync(join(folder, 'postgres', 'souk-initialised'), '');
    expect(() => loadSecrets(folder)).toThrow(/secrets.json is missing/);
  });
});

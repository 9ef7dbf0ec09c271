import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needsInstall, nodeProblem, stampInstall } from './install.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'souk-install-'));
  write('package-lock.json', {
    '': { name: 'souk' },
    'packages/http': { version: '1.0.0' },
    'node_modules/hono': { version: '4.0.0' },
    'node_modules/@souk/http': { resolved: 'packages/http', link: true },
    'node_modules/@esbuild/win32-x64': { version: '1.0.0', optional: true },
  });
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, packages: object): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), JSON.stringify({ packages }));
}

function installed(packages: object): void {
  mkdirSync(join(root, 'node_modules/@souk/http'), { recursive: true });
  write('node_modules/.package-lock.json', packages);
}

const COMPLETE = { 'node_modules/hono': { version: '4.0.0' }, 'node_modules/@souk/http': { link: true } };

describe('the version of Node', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '24.21.0', '100.0.0'])('%s will do', (version) => {
    expect(nodeProblem(version)).toBeUndefined();
  });

  it.each(['20.18.3', '18.20.0', '16.0.0'])('%s is too old, and a sentence says so', (version) => {
    expect(nodeProblem(version)).toBe(`Souk needs Node.js 20.19 or newer; this is ${version}.`);
  });
});

describe('an install', () => {
  it('is needed on a fresh clone', () => {
    expect(needsInstall(root)).toBe(true);
  });

  it('is not needed when all of the lock file is there, whatever other platforms want', () => {
    installed(COMPLETE);
    expect(needsInstall(root)).toBe(false);
  });

  it('is needed when a version differs', () => {
    installed({ ...COMPLETE, 'node_modules/hono': { version: '3.0.0' } });
    expect(needsInstall(root)).toBe(true);
  });

  it('is needed when a package or a link of the workspace is missing', () => {
    installed({ 'node_modules/@souk/http': { link: true } });
    expect(needsInstall(root)).toBe(true);
    installed(COMPLETE);
    rmSync(join(root, 'node_modules/@souk/http'), { recursive: true });
    expect(needsInstall(root)).toBe(true);
  });

  it('is needed after one that was interrupted', () => {
    installed(COMPLETE);
    writeFileSync(join(root, 'node_modules/.package-lock.json'), '{"packages": {');
    expect(needsInstall(root)).toBe(true);
  });

  it('is not needed again for what npm leaves out, until the lock file changes', () => {
    installed({ 'node_modules/@souk/http': { link: true } });
    stampInstall(root);
    expect(needsInstall(root)).toBe(false);
    write('package-lock.json', { 'node_modules/hono': { version: '5.0.0' } });
    expect(needsInstall(root)).toBe(true);
  });
});

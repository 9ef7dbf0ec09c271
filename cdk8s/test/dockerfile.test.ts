import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { listFolder, readText } from './files.ts';

const dockerfile = readText('Dockerfile');
const root = fileURLToPath(new URL('../../', import.meta.url));
const workspaces = [
  ...['packages', 'services'].flatMap((group) => listFolder(group).map((name) => `${group}/${name}`)),
  'cdk8s',
  'e2e',
  'bench',
  'tools',
].filter((folder) => existsSync(`${root}${folder}/package.json`));

describe('Dockerfile', () => {
  it('installs with the manifest of every workspace, because npm refuses a lock file that names more', () => {
    const copied = [...dockerfile.matchAll(/^COPY (\S+)\/package\.json \1\/$/gm)].map(([, folder]) => folder);
    expect(copied.sort()).toEqual([...workspaces].sort());
  });

  it('has the stages deps, runtime, generated, build, dev and prod, the last one the default', () => {
    expect([...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, stage]) => stage)).toEqual([
      'deps',
      'runtime',
      'generated',
      'build',
      'dev',
      'prod',
    ]);
  });

  it('copies one service, so that a change in another one leaves the image alone', () => {
    const copies = [...dockerfile.matchAll(/^COPY (?!--from)(?:--chown=\S+ )?(\S+) /gm)].map(([, source]) => source);
    expect(copies.filter((source) => source?.startsWith('services/') && !source.endsWith('package.json'))).toEqual(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how a Dockerfile names its argument
      ['services/${SERVICE}/', 'services/${SERVICE}/'],
    );
    expect(copies).not.toContain('.');
  });

  it('runs as a numeric user, which runAsNonRoot can check', () => {
    expect([...dockerfile.matchAll(/^USER (\S+)$/gm)].map(([, user]) => user)).toEqual(['65532:65532', '65532:65532']);
  });

  it('keeps out of the context what no stage copies', () => {
    const ignored = readText('.dockerignore').split('\n');
    expect(ignored[0]).toBe('*');
    for (const path of ['**/node_modules', '**/dist', '**/generated', '**/*.test.ts']) expect(ignored).toContain(path);
    const allowed = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    for (const workspace of workspaces)
      expect(allowed.some((path) => `${workspace}/package.json`.startsWith(path))).toBe(true);
  });
});

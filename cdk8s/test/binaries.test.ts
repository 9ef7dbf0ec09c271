import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEV, PROD } from '../src/environments.ts';
import { toYaml } from '../src/files.ts';
import { renderAll } from './files.ts';

// Second opinions, where their programs are on the PATH; the gates of our own say the same everywhere (gates.test.ts).
const has = (program: string) => spawnSync(program, ['--help']).error === undefined;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'souk-gates-'));
  writeFileSync(join(folder, 'prod.yaml'), toYaml(renderAll(PROD)));
  writeFileSync(join(folder, 'dev.yaml'), toYaml(renderAll(DEV)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, args: string[]): { status: number | null; stdout: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return { status, stdout: stdout + stderr };
}

describe.skipIf(!has('kube-score'))('kube-score', () => {
  // CPU has no limit on purpose: throttling costs latency, and requests already protect the neighbours.
  const score = (file: string) => run('kube-score', ['score', '--ignore-container-cpu-limit', '-o', 'json', file]);

  it('finds nothing critical and nothing to warn of in production', () => {
    const objects = JSON.parse(score(join(folder, 'prod.yaml')).stdout) as {
      object_name: string;
      checks: { check: { id: string }; grade: number; skipped: boolean }[];
    }[];
    // Grades: 1 critical, 5 warning, 7 almost OK, 10 OK.
    const below = objects.flatMap(({ checks, object_name }) =>
      checks.filter(({ grade, skipped }) => !skipped && grade < 10).map(({ check }) => `${object_name}: ${check.id}`),
    );
    expect(below).toEqual([]);
    expect(objects.length).toBeGreaterThan(40);
  });

  it('does find a dropped probe', () => {
    const manifests = readFileSync(join(folder, 'prod.yaml'), 'utf8').replaceAll('readinessProbe:', 'x-probe:');
    writeFileSync(join(folder, 'damaged.yaml'), manifests);
    expect(score(join(folder, 'damaged.yaml')).status).toBe(1);
  });
});

describe.skipIf(!has('kubeconform'))('kubeconform', () => {
  const conform = (file: string) =>
    run('kubeconform', [
      '-strict',
      '-summary',
      '-schema-location',
      join(folder, 'schemas', '{{ .ResourceKind }}.json'),
      join(folder, file),
    ]);

  beforeAll(() => {
    const read = (name: string) => JSON.parse(readFileSync(new URL(`schemas/${name}.json`, import.meta.url), 'utf8'));
    const { definitions, kinds } = read('kubernetes') as { definitions: object; kinds: Record<string, string> };
    mkdirSync(join(folder, 'schemas'));
    const write = (kind: string, schema: unknown) =>
      writeFileSync(join(folder, 'schemas', `${kind.toLowerCase()}.json`), JSON.stringify(schema));
    for (const [key, name] of Object.entries(kinds))
      write(key.split('/').at(-1) ?? '', { $ref: `#/definitions/${name}`, definitions });
    write('HTTPRoute', read('http-route'));
  });

  it.each(['dev.yaml', 'prod.yaml'])('accepts every document of %s', (file) => {
    const { status, stdout } = conform(file);
    expect(stdout).toContain('Invalid: 0, Errors: 0, Skipped: 0');
    expect(status).toBe(0);
  });

  it('refuses a misspelt field', () => {
    const manifests = readFileSync(join(folder, 'dev.yaml'), 'utf8').replace('revisionHistoryLimit', 'revisionsLimit');
    writeFileSync(join(folder, 'misspelt.yaml'), manifests);
    expect(conform('misspelt.yaml').status).toBe(1);
  });
});

import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { DEV, ENVIRONMENTS, PROD } from '../src/environments.ts';
import { renderFiles, writeFiles } from '../src/files.ts';
import { workloadsOf } from '../src/gates/workloads.ts';
import type { Manifest } from '../src/render/metadata.ts';
import { listFolder, readText, renderAll } from './files.ts';

/** What an upgrade must never change: an object's name, its labels but the version, and what its selectors say. */
function identityOf(manifests: readonly Manifest[]): string[] {
  return manifests.map(({ kind, metadata, spec }) => {
    const { selector, podSelector } = (spec ?? {}) as Record<string, { matchLabels?: object } | undefined>;
    const { 'app.kubernetes.io/version': _version, ...labels } = metadata.labels ?? {};
    const selected = selector?.matchLabels ?? selector ?? podSelector?.matchLabels;
    const text = (fields: object) =>
      Object.entries(fields)
        .map(([key, value]) => `${key.replace('app.kubernetes.io/', '')}=${value}`)
        .join(' ');
    const name = kind === 'Job' ? metadata.name.replace(/-[0-9a-f]{8}-[0-9a-f]{6}$/, '-<revision>') : metadata.name;
    return `${kind} ${name} · ${text(labels)}${selected ? ` · selects ${text(selected)}` : ''}`;
  });
}

describe('Rendered objects', () => {
  it.each(Object.entries(ENVIRONMENTS))('of %s keep their names, labels and selectors', (name, options) => {
    expect(identityOf(renderAll(options)).join('\n')).toMatchSnapshot(name);
  });

  it.each(Object.entries(ENVIRONMENTS))('of %s are what is checked in', (name, options) => {
    const files = renderFiles(options);
    expect(listFolder(`k8s/${name}`)).toEqual(Object.keys(files).sort());
    const different = Object.keys(files).filter((file) => readText(`k8s/${name}/${file}`) !== files[file]);
    expect(different, 'the model has changed: npm run k8s:synth').toEqual([]);
  });

  it('have unique names and the recommended labels, on pods too', () => {
    for (const manifests of [renderAll(DEV), renderAll(PROD)]) {
      const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      expect(new Set(names).size).toBe(names.length);
      const all = [
        ...manifests.map(({ metadata }) => metadata.labels),
        ...workloadsOf(manifests).map((one) => one.labels),
      ];
      for (const labels of all)
        for (const key of ['name', 'instance', 'component', 'part-of', 'version', 'managed-by'])
          expect(labels).toHaveProperty([`app.kubernetes.io/${key}`]);
    }
  });

  it('select by name and instance only', () => {
    for (const { selector } of workloadsOf(renderAll(PROD)).filter(({ manifest }) => manifest.kind !== 'Job'))
      expect(Object.keys(selector ?? {}).sort()).toEqual(['app.kubernetes.io/instance', 'app.kubernetes.io/name']);
  });

  it('keep no secret in production', () => {
    expect(renderAll(PROD).filter(({ kind }) => kind === 'Secret')).toEqual([]);
    expect(JSON.stringify(renderAll(PROD))).not.toMatch(/development-only|souk:souk|owner:owner/);
  });

  it('wait five seconds before SIGTERM, which cdk8s-plus-27 alone would drop', () => {
    const services = workloadsOf(renderAll(PROD)).filter(({ manifest }) => manifest.kind === 'Deployment');
    expect(services).toHaveLength(6);
    for (const { pod } of services) {
      expect(pod.containers[0]).toHaveProperty('lifecycle.preStop.sleep.seconds', 5);
      expect(pod).toHaveProperty('terminationGracePeriodSeconds', 40);
    }
  });
});

describe('Names of Jobs', () => {
  const jobs = (options: typeof DEV) =>
    renderAll(options)
      .filter(({ kind }) => kind === 'Job')
      .map(({ metadata }) => metadata.name);

  it('stay while nothing changes', () => {
    expect(jobs(DEV)).toEqual(jobs(DEV));
  });

  it('change with the image, a variable or the schema, because a Job is immutable', () => {
    const [image, logLevel, schema] = [
      { ...DEV, imageOf: (service: string) => `souk/${service}:next` },
      { ...DEV, environment: { ...DEV.environment, logLevel: 'debug' as const } },
      { ...DEV, schemaRevisionOf: () => '00000000' },
    ];
    for (const changed of [image, logLevel, schema])
      expect(jobs(changed).filter((name) => jobs(DEV).includes(name))).toEqual([]);
  });
});

describe('A changed setting', () => {
  it('makes new pods, because a container reads its ConfigMap once', () => {
    const checksums = (options: typeof DEV) =>
      renderAll(options).flatMap(({ kind, spec }) => {
        const template = (spec as { template?: { metadata: { annotations?: Record<string, string> } } })?.template;
        return kind === 'Deployment' ? [template?.metadata.annotations?.['souk.dev/config-checksum']] : [];
      });
    const changed = checksums({ ...DEV, environment: { ...DEV.environment, publicUrl: 'http://shop.test' } });
    expect(changed.filter((checksum, index) => checksum !== checksums(DEV)[index])).toHaveLength(1);
  });
});

describe('Writing the files', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'souk-synth-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('touches only what differs, because Skaffold would deploy again for a new time of change', () => {
    const files = { 'a.yaml': 'a: 1\n', 'b.yaml': 'b: 1\n' };
    expect(writeFiles(folder, files, false)).toEqual(['a.yaml differs', 'b.yaml differs']);
    const before = new Date(1_000_000);
    for (const name of Object.keys(files)) utimesSync(join(folder, name), before, before);
    expect(writeFiles(folder, { ...files, 'b.yaml': 'b: 2\n' }, false)).toEqual(['b.yaml differs']);
    expect(statSync(join(folder, 'a.yaml')).mtime).toEqual(before);
    expect(statSync(join(folder, 'b.yaml')).mtime).not.toEqual(before);
  });

  it('removes what is no longer rendered', () => {
    writeFileSync(join(folder, 'old.yaml'), 'old: true\n');
    expect(writeFiles(folder, { 'a.yaml': 'a: 1\n' }, false)).toEqual([
      'old.yaml is no longer rendered',
      'a.yaml differs',
    ]);
    expect(() => readFileSync(join(folder, 'old.yaml'))).toThrow('ENOENT');
  });

  it('with --check names the differences and writes nothing', () => {
    writeFileSync(join(folder, 'a.yaml'), 'a: 0\n');
    expect(writeFiles(folder, { 'a.yaml': 'a: 1\n' }, true)).toEqual(['a.yaml differs']);
    expect(readFileSync(join(folder, 'a.yaml'), 'utf8')).toBe('a: 0\n');
  });

  it.each(Object.values(ENVIRONMENTS))(
    'means the same in YAML 1.1, which kubectl reads: `no` is no text there',
    (options) => {
      for (const content of Object.values(renderFiles(options))) {
        const read = (version: '1.1' | '1.2') => parseAllDocuments(content, { version }).map((one) => one.toJS());
        expect(read('1.1')).toEqual(read('1.2'));
      }
    },
  );

  it('keeps the order of keys, so that the same objects make the same bytes', () => {
    expect(renderFiles(DEV)).toEqual(renderFiles(DEV));
    const [first] = parseAllDocuments(renderFiles(PROD)['order-service.yaml'] ?? '');
    expect(Object.keys(first?.toJS() ?? {}).slice(0, 3)).toEqual(['apiVersion', 'kind', 'metadata']);
  });
});

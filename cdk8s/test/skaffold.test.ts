import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DEV } from '../src/environments.ts';
import { MAIL_PAGE_PORT, RABBITMQ_MANAGEMENT_PORT, SERVICES } from '../src/model/platform.ts';
import { readSkaffold, withBuiltImages } from '../src/skaffold.ts';
import { listFolder, readText, renderAll } from './files.ts';
import { findSkaffoldProblems } from './schema-check.ts';

const text = readText('skaffold.yaml');
const services = Object.keys(SERVICES);
const forward = (resourceName: string, port: number) => ({
  resourceType: 'service',
  resourceName,
  namespace: DEV.namespace,
  port,
  localPort: port,
});

describe('skaffold.yaml', () => {
  it('keeps to the schema of v4beta13, with every profile too', () => {
    expect(parse(text).apiVersion).toBe('skaffold/v4beta13');
    expect(findSkaffoldProblems(parse(text))).toEqual([]);
    for (const { name } of parse(text).profiles) expect(findSkaffoldProblems(readSkaffold(text, name))).toEqual([]);
    const misspelt = { ...parse(text), portForwards: [] };
    expect(findSkaffoldProblems(misspelt)).not.toEqual([]);
  });

  it('builds the development image of every service and copies its sources and the packages into the container', () => {
    const { artifacts } = readSkaffold(text).build;
    expect(artifacts.map(({ image }) => image)).toEqual(services.map((name) => `souk/${name}`));
    artifacts.forEach((artifact, index) => {
      const SERVICE = services[index] ?? '';
      expect(artifact.context).toBe('.');
      expect(artifact.docker).toEqual({ dockerfile: 'Dockerfile', target: 'dev', buildArgs: { SERVICE } });
      expect(artifact.sync?.manual).toEqual([
        { src: `services/${SERVICE}/src/**/*.ts`, dest: '/app' },
        { src: 'packages/*/src/**/*.ts', dest: '/app' },
      ]);
    });
  });

  it('applies every manifest of k8s/dev, the namespace first, after a synthesis', () => {
    const { hooks, rawYaml } = readSkaffold(text).manifests;
    const files = listFolder('k8s/dev').filter((name) => name !== 'kustomization.yaml');
    expect(rawYaml[0]).toBe('k8s/dev/namespace.yaml');
    expect([...rawYaml].sort()).toEqual(files.map((name) => `k8s/dev/${name}`));
    expect(hooks.before).toEqual([{ host: { command: ['npm', 'run', '--silent', 'k8s:synth'] } }]);
    expect(JSON.parse(readText('package.json')).scripts['k8s:synth']).toBeDefined();
  });

  it('forwards the ports of the model', () => {
    expect(readSkaffold(text).portForward).toEqual([
      ...Object.values(SERVICES).map(({ name, port }) => forward(name, port)),
      forward('rabbitmq', RABBITMQ_MANAGEMENT_PORT),
      forward('mailpit', MAIL_PAGE_PORT),
    ]);
  });

  it('builds what production runs in the profile prod, without copying files', () => {
    for (const { docker, sync } of readSkaffold(text, 'prod').build.artifacts) {
      expect(docker.target).toBe('prod');
      expect(sync).toBeUndefined();
    }
  });

  it('spares a small machine in the profile slim', () => {
    const { build, portForward } = readSkaffold(text, 'slim');
    expect(build.local.concurrency).toBe(1);
    expect(build.artifacts).toHaveLength(services.length);
    expect(portForward).toEqual([forward('api-gateway', 3000)]);
  });

  it('refuses a profile that is not there and a patch that leads nowhere', () => {
    expect(() => readSkaffold(text, 'fat')).toThrow('no profile fat');
    expect(() => readSkaffold(text.replace('/build/artifacts/0/sync', '/build/artifacts/9/sync'), 'prod')).toThrow(
      'finds nothing',
    );
  });

  it('names its images as the manifests do, so that each is rewritten', () => {
    const built = new Map(readSkaffold(text).build.artifacts.map(({ image }) => [image, `${image}:built`]));
    const images = [...JSON.stringify(withBuiltImages(renderAll(DEV), built)).matchAll(/"image":"([^"]+)"/g)].map(
      ([, image]) => image ?? '',
    );
    const own = images.filter((image) => image.startsWith('souk/'));
    expect(own).toHaveLength(13);
    expect(own.filter((image) => !image.endsWith(':built'))).toEqual([]);
    expect(images).toContain('postgres:18-alpine');
  });
});

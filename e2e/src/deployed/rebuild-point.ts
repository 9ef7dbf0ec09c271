import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVICE_NAMES, type ServiceName } from '@souk/cdk8s';
import { expectThat, type Point } from './checklist.ts';
import { ROOT, run } from './program.ts';

const CHANGED: ServiceName = 'order-service';
const BUILD_MS = 600_000;
/** What .dockerignore lets into the context. */
const CONTEXT = ['package.json', 'package-lock.json', 'tsconfig.base.json', 'tools', 'packages', 'services', 'cdk8s'];
const FILES = [...CONTEXT, 'Dockerfile', '.dockerignore', 'compose.dev.yaml', 'e2e/package.json', 'bench/package.json'];
const LEFT_OUT = /(^|\/)(node_modules|dist|generated|coverage)(\/|$)/;

interface BuiltImage {
  id: string;
  layers: string[];
}

async function inspectImage(name: ServiceName): Promise<BuiltImage> {
  const format = '{{.Id}} {{json .RootFS.Layers}}';
  const [id = '', layers = '[]'] = (
    await run('docker', ['image', 'inspect', `souk/${name}:dev`, '--format', format])
  ).split(' ');
  return { id, layers: JSON.parse(layers) };
}

async function inspectImages(): Promise<Map<ServiceName, BuiltImage>> {
  return new Map(await Promise.all(SERVICE_NAMES.map(async (name) => [name, await inspectImage(name)] as const)));
}

/** Builds all six in a folder and answers the seconds. */
async function buildIn(folder: string): Promise<number> {
  const startedAt = performance.now();
  const args = ['compose', '--project-directory', folder, '-f', join(folder, 'compose.dev.yaml'), 'build', '--quiet'];
  await run('docker', args, { timeoutMs: BUILD_MS });
  return (performance.now() - startedAt) / 1_000;
}

function copyContext(): string {
  const folder = mkdtempSync(join(tmpdir(), 'souk-context-'));
  for (const file of FILES)
    cpSync(join(ROOT, file), join(folder, file), {
      recursive: true,
      filter: (path) => !LEFT_OUT.test(path.slice(ROOT.length)),
    });
  return folder;
}

/** Only the image of the changed service differs, and of it only the layer that holds the bundle. */
function expectOneLayer(before: Map<ServiceName, BuiltImage>, after: Map<ServiceName, BuiltImage>): void {
  const changed = SERVICE_NAMES.filter((name) => before.get(name)?.id !== after.get(name)?.id);
  expectThat(changed.join() === CHANGED, `other images after a change in ${CHANGED}: ${changed.join(', ') || 'none'}`);
  const [old = [], young = []] = [before, after].map((images) => images.get(CHANGED)?.layers ?? []);
  const others = young.filter((layer) => !old.includes(layer));
  expectThat(
    old.length === young.length && others.length === 1 && young.at(-1) === others[0],
    `${others.length} of ${young.length} layers are others`,
  );
}

/** In a copy of the sources, so that nobody's work is touched; the images are what they were afterwards. */
export const rebuildPoint: Point = {
  title: `A changed line of ${CHANGED} changes one layer of one image`,
  check: async () => {
    const before = await inspectImages();
    const folder = copyContext();
    try {
      // A name in it makes it another bundle, comments do not survive.
      appendFileSync(
        join(folder, 'services', CHANGED, 'src', 'main.ts'),
        `console.error('changed', '${folder.slice(-6)}');\n`,
      );
      const seconds = await buildIn(folder);
      expectOneLayer(before, await inspectImages());
      return `all six built again in ${seconds.toFixed(1)} s`;
    } finally {
      await buildIn(ROOT);
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

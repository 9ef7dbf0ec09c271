import { DATA_IMAGES, SERVICE_NAMES } from '@souk/cdk8s';
import { run } from '../deployed/program.ts';
import { VERSIONS } from './stage.ts';

const SLOW = { timeoutMs: 600_000 };
const { broken, first, next } = VERSIONS;

/** The same sources as another version: what a release changes is their label, and so their digest. */
const anotherVersion = (name: string, version: string) =>
  `FROM souk/${name}:${first}\nLABEL org.opencontainers.image.version=${version}\n`;

const crashing = (name: string) =>
  `FROM souk/${name}:${first}\nCMD ["-e", "console.error('The new version cannot start'); process.exit(3)"]\n`;

/** Every image of the tests beside those of the first version, and what makes it. */
function madeImages(quick: boolean): Map<string, string> {
  const made = new Map(SERVICE_NAMES.map((name) => [`souk/${name}:${next}`, anotherVersion(name, next)]));
  made.set('souk/product-service:crash', crashing('product-service'));
  if (quick) return made;
  for (const name of SERVICE_NAMES) made.set(`souk/${name}:${broken}`, anotherVersion(name, broken));
  return made.set(`souk/api-gateway:${broken}`, crashing('api-gateway'));
}

export interface ImageOptions {
  loadCommand: string | undefined;
  build: boolean;
  /** Only what the quick selection needs. */
  quick: boolean;
}

/** Builds the images of the first version, of the next one and of those that cannot start, and loads them. */
export async function prepareImages({ build, loadCommand, quick }: ImageOptions): Promise<void> {
  const names = [...SERVICE_NAMES, 'operator'];
  for (const name of build ? names : []) {
    const tag = ['--tag', `souk/${name}:${first}`];
    await run('docker', ['build', '--quiet', '--build-arg', `SERVICE=${name}`, ...tag, '.'], SLOW);
  }
  const made = madeImages(quick);
  for (const [tag, input] of made) await run('docker', ['build', '--quiet', '--tag', tag, '-'], { input, ...SLOW });
  if (loadCommand === undefined) return;
  const [program = '', ...args] = loadCommand.split(' ');
  const tags = [...names.map((name) => `souk/${name}:${first}`), ...made.keys(), ...Object.values(DATA_IMAGES)];
  // All at once: what they share goes over once where the command can do that.
  await run(program, [...args, ...tags], SLOW);
}

import { SERVICE_NAMES } from '@souk/cdk8s';
import { run } from '../deployed/program.ts';

const VERSION = '0.1.0';
const SLOW = { timeoutMs: 600_000 };

/** Builds the images of the version, the next one (the same under another name) and one that crashes, and loads them. */
export async function prepareImages(options: { loadCommand: string | undefined; build: boolean }): Promise<void> {
  const names = [...SERVICE_NAMES, 'operator'];
  if (options.build) {
    for (const name of names)
      await run(
        'docker',
        ['build', '--quiet', '--build-arg', `SERVICE=${name}`, '--tag', `souk/${name}:${VERSION}`, '.'],
        SLOW,
      );
  }
  for (const name of SERVICE_NAMES) await run('docker', ['tag', `souk/${name}:${VERSION}`, `souk/${name}:next`]);
  const crash = `FROM souk/product-service:${VERSION}\nCMD ["-e", "console.error('The new version cannot start'); process.exit(3)"]\n`;
  for (const name of ['product-service', 'api-gateway'])
    await run('docker', ['build', '--quiet', '--tag', `souk/${name}:crash`, '-'], { input: crash, ...SLOW });
  if (options.loadCommand === undefined) return;
  const [program = '', ...args] = options.loadCommand.split(' ');
  const tags = [
    ...names.map((name) => `souk/${name}:${VERSION}`),
    ...SERVICE_NAMES.map((name) => `souk/${name}:next`),
    'souk/product-service:crash',
    'souk/api-gateway:crash',
  ];
  // All at once: what they share goes over once where the command can do that.
  await run(program, [...args, ...tags], SLOW);
}

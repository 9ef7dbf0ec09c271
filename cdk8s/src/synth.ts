import { fileURLToPath } from 'node:url';
import { ENVIRONMENTS } from './environments.ts';
import { renderFiles, writeFiles } from './files.ts';

const check = process.argv.includes('--check');
const root = fileURLToPath(new URL('../../k8s/', import.meta.url));
let different = 0;
for (const [name, options] of Object.entries(ENVIRONMENTS)) {
  const changed = writeFiles(`${root}${name}`, renderFiles(options), check);
  different += changed.length;
  process.stdout.write(
    changed.length === 0 ? `k8s/${name} is up to date\n` : changed.map((line) => `k8s/${name}/${line}\n`).join(''),
  );
}
if (check && different > 0) {
  process.stderr.write('The manifests differ from the model: run npm run k8s:synth and commit the result\n');
  process.exitCode = 1;
}

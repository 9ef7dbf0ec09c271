// Runs the tests of one kind, or of several joined by commas: `node tools/vitest.mjs unit|int|e2e [folder] [arguments of vitest]`.
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { ROOT } from './workspace.mjs';

const KINDS = ['unit', 'int', 'e2e'];
const [first = '', ...rest] = process.argv.slice(2);
const kinds = first.split(',');
if (!kinds.every((kind) => KINDS.includes(kind))) {
  console.error('Usage: node tools/vitest.mjs unit|int|e2e [folder] [arguments of vitest]');
  process.exit(2);
}

let scope = '';
if (rest[0] !== undefined && !rest[0].startsWith('-')) {
  const folder = [resolve(ROOT, rest[0]), resolve(rest[0])].find(
    (path) => existsSync(path) && statSync(path).isDirectory(),
  );
  if (folder !== undefined) {
    scope = relative(ROOT, folder);
    rest.shift();
  }
}

const packageJson = createRequire(import.meta.url).resolve('vitest/package.json', { paths: [ROOT] });
const child = spawn(
  process.execPath,
  [
    '--import',
    new URL('vitest-on-node-20.mjs', import.meta.url).href,
    join(dirname(packageJson), 'vitest.mjs'),
    'run',
    '--root',
    ROOT,
    ...kinds.flatMap((kind) => ['--project', kind]),
    '--passWithNoTests',
    ...rest,
  ],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, SOUK_TEST_SCOPE: scope } },
);
// The terminal sends Ctrl-C to the whole group; this process only waits, so that the servers of the tests are stopped.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));

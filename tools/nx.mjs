// Runs Nx: `node tools/nx.mjs lint|typecheck|test|build|generate [projects]`, or any command of Nx itself, such as
// `node tools/nx.mjs affected -t test`. Nothing is sent anywhere, and without a terminal no daemon stays behind.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { ROOT } from './workspace.mjs';

const TARGETS = ['lint', 'typecheck', 'test', 'build', 'generate'];

/** Runs Nx with these arguments and answers its exit code. */
export function runNx(args, options = {}) {
  const nx = createRequire(import.meta.url).resolve('nx/bin/nx.js');
  const result = spawnSync(process.execPath, [nx, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    encoding: 'utf8',
    ...options,
    env: {
      ...process.env,
      NX_NO_CLOUD: 'true',
      NX_DAEMON: 'false',
      NX_TUI: 'false',
      FORCE_COLOR: process.stdout.isTTY ? '1' : '0',
    },
  });
  return options.stdio === undefined ? (result.status ?? 1) : result;
}

/** The arguments of Nx for one target of all projects, or of the named ones. */
export function targetArguments(target, projects = []) {
  const parallel = `--parallel=${Math.max(1, Math.min(4, availableParallelism()))}`;
  const named = projects.length > 0 ? [`--projects=${projects.join(',')}`] : [];
  return ['run-many', `--target=${target}`, parallel, '--output-style=static', ...named];
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const [first, ...rest] = process.argv.slice(2);
  if (first === undefined) {
    console.error(`Usage: node tools/nx.mjs ${TARGETS.join('|')} [projects], or a command of Nx`);
    process.exit(2);
  }
  process.exit(runNx(TARGETS.includes(first) ? targetArguments(first, rest) : [first, ...rest]));
}

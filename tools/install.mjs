// Brings node_modules to what package-lock.json says. Node built-ins only: it runs on a fresh clone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './workspace.mjs';

/** The oldest Node that everything runs on. */
const NODE_MIN = [20, 19];

/** A sentence when this Node is too old, else undefined. */
export function nodeProblem(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  const isOld = major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1]);
  return isOld ? `Souk needs Node.js ${NODE_MIN.join('.')} or newer; this is ${version}.` : undefined;
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return undefined; // absent, or half-written by an install that was interrupted
  }
}

function stampOf(root) {
  return join(root, 'node_modules', '.souk-lock-hash');
}

function lockHash(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/** Whether the last complete `npm ci` of ours was for this very lock file. */
function isStamped(root) {
  return existsSync(stampOf(root)) && readFileSync(stampOf(root), 'utf8') === lockHash(root);
}

/** Notes that everything of the lock file that npm thinks is needed has been installed. */
export function stampInstall(root = ROOT) {
  writeFileSync(stampOf(root), lockHash(root));
}

/**
 * Whether node_modules lacks something of the lock file. npm notes at the end of an install what it has put there; that
 * note is compared, and not the times of the files, which a checkout of another branch and back changes too.
 */
export function needsInstall(root = ROOT) {
  const locked = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined || locked === undefined) return true;
  // A lock file may name what no workspace needs any more; npm leaves that out, for good reason.
  if (isStamped(root)) return false;
  return Object.entries(locked).some(([path, { version, optional, peer, link }]) => {
    // Optional ones are for other platforms, mostly; npm knows which.
    if (!path.includes('node_modules/') || optional || peer) return false;
    const found = installed[path];
    if (link) return found === undefined || !existsSync(join(root, path));
    return found?.version !== version;
  });
}

/** Runs `npm ci` when something is missing; answers whether all is there now. */
export function ensureInstalled(report = console.log) {
  // For images and offline machines, where whoever built them vouches for node_modules.
  if (process.env.SOUK_SKIP_INSTALL === 'true' || !needsInstall()) return true;
  report(
    existsSync(join(ROOT, 'node_modules'))
      ? 'node_modules is older than package-lock.json: running npm ci'
      : 'Nothing is installed yet: running npm ci (about a minute, once)',
  );
  const npm = process.env.npm_execpath;
  const isScript = npm !== undefined && /\.[cm]?js$/.test(npm);
  const [command, first] = isScript ? [process.execPath, [npm]] : ['npm', []];
  // Build tools are development dependencies, and PostgreSQL is an optional one: both are needed, whatever npm's settings.
  const args = [...first, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32' && !isScript,
  });
  if (result.status === 0) {
    stampInstall();
    return true;
  }
  console.error(
    result.error === undefined
      ? `npm ci failed (exit code ${result.status}).`
      : `npm does not start: ${result.error.message}`,
  );
  return false;
}

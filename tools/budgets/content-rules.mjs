// What must not stand in a source file, and how files are called.
import { basename } from 'node:path';
import { walk } from './source-files.mjs';

const BANNED_NAMES = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'manager', 'processor'];
const BANNED_SUFFIX = /\.(service|controller|repository|entity|module)$/;
// Settings come from the environment in one place; these packages are that place, or start processes.
const READS_ENVIRONMENT = new Set([
  '@souk/service-runtime',
  '@souk/testing',
  '@souk/embedded',
  '@souk/postgres-server',
]);

function isBareError(node) {
  return (
    node.type === 'ThrowStatement' && node.argument?.type === 'NewExpression' && node.argument.callee?.name === 'Error'
  );
}

function isEnvironment(node) {
  return node.type === 'MemberExpression' && node.object?.name === 'process' && node.property?.name === 'env';
}

function mayReadEnvironment(file) {
  const { kind, name } = file.workspace;
  if (!['service', 'package'].includes(kind) || !file.isSource || file.isTest || READS_ENVIRONMENT.has(name))
    return true;
  return ['config.ts', 'main.ts'].includes(basename(file.path));
}

function syntaxProblems(file) {
  const problems = [];
  const add = (node, text) => problems.push(`${file.path}:${file.lineOf(node.start)}: ${text}`);
  walk(file.program, (node) => {
    if (node.type === 'TSAnyKeyword') add(node, '`any` gives up all checks: name the type or take `unknown`');
    if (file.isSource && !file.isTest && isBareError(node)) {
      add(node, '`throw new Error` has no name to catch it by: throw an error class, or assert');
    }
    if (isEnvironment(node) && !mayReadEnvironment(file)) add(node, 'the environment is read in config.ts only');
  });
  for (const comment of file.comments) {
    if (/\b(TODO|FIXME|XXX|HACK)\b/.test(comment.value)) add(comment, 'unfinished work belongs in an issue');
  }
  return problems;
}

function nameProblems(file) {
  const stem = basename(file.path).replace(/\.[a-z]+$/, '');
  const problems = [];
  if (!/^[a-z0-9]+([.-][a-z0-9]+)*$/.test(stem)) problems.push(`${file.path}: file names are kebab-case`);
  const last = stem.split(/[.-]/).at(-1);
  if (BANNED_SUFFIX.test(stem))
    problems.push(`${file.path}: a file is named for its main export, without a layer's suffix`);
  if (file.isSource && BANNED_NAMES.includes(last)) {
    problems.push(`${file.path}: "${last}" says nothing about what is in it`);
  }
  return problems;
}

/** Problems of content and of names. */
export function checkContents(files) {
  return files.flatMap((file) => [
    ...file.errors.map((error) => `${file.path}: ${error.message}`),
    ...syntaxProblems(file),
    ...nameProblems(file),
  ]);
}

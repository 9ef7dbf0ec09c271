// The source files of the workspace, parsed. TypeScript 7 has no compiler API, so oxc reads them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';

const GROUPS = ['packages', 'services'];
const SINGLES = ['e2e', 'bench', 'cdk8s', 'tools'];
const SKIPPED = new Set(['node_modules', 'dist', 'generated', 'coverage', 'results']);

/** Folders of the workspaces under `root`, with the kind that the import rules know them by. */
export function findWorkspaces(root) {
  const grouped = GROUPS.flatMap((group) => {
    const folder = join(root, group);
    if (!existsSync(folder)) return [];
    return readdirSync(folder).map((name) => ({ folder: join(folder, name), kind: group.slice(0, -1) }));
  });
  const singles = SINGLES.map((name) => ({ folder: join(root, name), kind: name }));
  return [...grouped, ...singles]
    .filter(({ folder }) => existsSync(join(folder, 'package.json')))
    .map((workspace) => {
      const manifest = JSON.parse(readFileSync(join(workspace.folder, 'package.json'), 'utf8'));
      return { ...workspace, manifest, name: manifest.name };
    });
}

function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : listFiles(path);
    return /\.(ts|mts|tsx|mjs)$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : [];
  });
}

/** Calls `visit(node, parent)` for a node of the syntax tree and everything in it. */
export function walk(node, visit, parent) {
  if (Array.isArray(node)) {
    for (const child of node) walk(child, visit, parent);
    return;
  }
  if (node === null || typeof node !== 'object' || typeof node.type !== 'string') return;
  visit(node, parent);
  for (const [key, child] of Object.entries(node)) if (key !== 'parent') walk(child, visit, node);
}

function lineCounter(text) {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}

function importsOf(program) {
  const sources = [];
  walk(program, (node) => {
    const isStatic = /^(Import|ExportNamed|ExportAll)Declaration$/.test(node.type) && node.source;
    const isDynamic = node.type === 'ImportExpression' && node.source?.type === 'Literal';
    if (isStatic || isDynamic) sources.push({ specifier: String(node.source.value), start: node.start });
  });
  return sources;
}

/** Reads and parses one file. */
export function parseFile(root, workspace, path) {
  const text = readFileSync(path, 'utf8');
  const { program, comments, errors } = parseSync(path, text);
  const relativePath = relative(root, path);
  return {
    path: relativePath,
    inWorkspace: relative(workspace.folder, path),
    workspace,
    text,
    program,
    comments,
    errors,
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    lineOf: lineCounter(text),
    imports: importsOf(program),
    isTest: /\.(test|spec)\.(ts|mjs)$/.test(basename(path)) || /(^|\/)test\//.test(relative(workspace.folder, path)),
    isSource: relative(workspace.folder, path).startsWith('src/'),
  };
}

/** All source files under `root`, generated ones left out. */
export function readSourceFiles(root, workspaces = findWorkspaces(root)) {
  return workspaces.flatMap((workspace) => listFiles(workspace.folder).map((path) => parseFile(root, workspace, path)));
}

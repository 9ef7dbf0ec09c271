// Who may import whom: imports go from services to packages and from packages to packages below them, by name.
import { builtinModules } from 'node:module';
import { join, normalize, relative } from 'node:path';

const BUILTINS = new Set(builtinModules);
// The one-process run is the one place that knows every service.
const MAY_IMPORT_SERVICES = new Set(['@souk/embedded', '@souk/e2e', '@souk/tools', '@souk/cdk8s', '@souk/bench']);

function packageNameOf(specifier) {
  const [first, second] = specifier.split('/');
  return specifier.startsWith('@') ? `${first}/${second}` : first;
}

function isBuiltin(specifier) {
  return specifier.startsWith('node:') || BUILTINS.has(specifier);
}

function targetOf({ specifier }, file, workspaces) {
  if (!specifier.startsWith('.')) {
    const name = packageNameOf(specifier);
    return { name, workspace: workspaces.find((workspace) => workspace.name === name), isDeep: name !== specifier };
  }
  const path = normalize(join(file.workspace.folder, file.inWorkspace, '..', specifier));
  const workspace = workspaces.find(({ folder }) => !relative(folder, path).startsWith('..'));
  return { name: workspace?.name, workspace, isRelative: true };
}

function declares(manifest, name) {
  return ['dependencies', 'optionalDependencies', 'peerDependencies'].some((field) => manifest[field]?.[name]);
}

function importProblem(entry, file, workspaces) {
  const { specifier } = entry;
  if (isBuiltin(specifier) || specifier.startsWith('data:')) return undefined;
  const { name, workspace, isDeep, isRelative } = targetOf(entry, file, workspaces);
  if (isRelative) {
    if (workspace === file.workspace) return undefined;
    // Tools are scripts outside of the module graph of what they work on.
    return file.isSource ? `${specifier} leaves the package: import it by name` : undefined;
  }
  if (workspace !== undefined && isDeep) return `${specifier} reaches into a package: import ${name}`;
  if (workspace?.kind === 'service' && workspace !== file.workspace && !MAY_IMPORT_SERVICES.has(file.workspace.name)) {
    return `${file.workspace.name} imports ${name}: services know each other by HTTP and events only`;
  }
  if (file.isSource && !file.isTest && !declares(file.workspace.manifest, name)) {
    return `${name} is not among the dependencies of ${file.workspace.name}`;
  }
  return undefined;
}

function findCycle(graph) {
  const done = new Set();
  const visit = (name, path) => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of graph.get(name) ?? []) {
      const cycle = visit(next, [...path, name]);
      if (cycle !== undefined) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const cycle = visit(name, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function packageGraph(files, workspaces) {
  const graph = new Map();
  for (const file of files) {
    // Tests look down on their package from outside, with the package `testing`, which stands on many others.
    if (file.isTest || !file.isSource) continue;
    for (const entry of file.imports) {
      const { workspace } = targetOf(entry, file, workspaces);
      if (workspace === undefined || workspace === file.workspace) continue;
      const targets = graph.get(file.workspace.name) ?? new Set();
      graph.set(file.workspace.name, targets.add(workspace.name));
    }
  }
  return graph;
}

function indexProblems(files, workspaces) {
  const problems = files
    .filter((file) => file.isSource && /\/index\.ts$/.test(file.inWorkspace) && file.inWorkspace !== 'src/index.ts')
    .map((file) => `${file.path}: a package has one index.ts, no inner ones`);
  for (const { kind, folder, name } of workspaces.filter((workspace) => workspace.kind === 'package')) {
    const own = files.filter((file) => file.workspace.folder === folder);
    if (kind === 'package' && own.length > 0 && !own.some((file) => file.inWorkspace === 'src/index.ts')) {
      problems.push(`${name} has no src/index.ts`);
    }
  }
  return problems;
}

/** Problems of imports between workspaces. */
export function checkImports(files, workspaces) {
  const problems = indexProblems(files, workspaces);
  for (const file of files) {
    for (const entry of file.imports) {
      const problem = importProblem(entry, file, workspaces);
      if (problem !== undefined) problems.push(`${file.path}:${file.lineOf(entry.start)}: ${problem}`);
    }
  }
  const cycle = findCycle(packageGraph(files, workspaces));
  if (cycle !== undefined) problems.push(`packages import each other in a circle: ${cycle.join(' → ')}`);
  return problems;
}

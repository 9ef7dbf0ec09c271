// Copies what services load when they run, and nothing that only builds or tests, out of node_modules.
// `node tools/runtime-modules.mjs <target folder>`: for all services of a shop
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { ROOT, shopServiceNames } from './workspace.mjs';

// Texts for people and compilers, and Prisma's query compilers of other databases and of another size.
const UNREAD = /\.(map|md|d\.[mc]?ts)$|^query_compiler_(?!small_bg\.postgresql\.)/;

const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Where Node finds a package from a folder: node_modules beside it, or beside one of the folders above. */
function locate(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
    if (folder === ROOT) return undefined;
  }
}

function namesNeededBy({
  dependencies = {},
  optionalDependencies = {},
  peerDependencies = {},
  peerDependenciesMeta = {},
}) {
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  const optional = new Set(Object.keys(optionalDependencies));
  const required = [...Object.keys(dependencies), ...peers].filter((name) => !optional.has(name));
  return { required, optional: [...optional] };
}

/** Every package that the workspaces load, by its folder; a link to another workspace is followed and kept a link. */
export function findRuntimeModules(workspaces) {
  const found = new Set();
  const queue = workspaces.map((workspace) => join(ROOT, workspace));
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    const { optional, required } = namesNeededBy(readManifest(folder));
    for (const name of [...required, ...optional]) {
      const module = locate(name, folder);
      if (module === undefined && required.includes(name))
        throw new Error(`${name} is not installed (${folder} needs it)`);
      if (module === undefined || found.has(module)) continue;
      found.add(module);
      queue.push(lstatSync(module).isSymbolicLink() ? join(dirname(module), readlinkSync(module)) : module);
    }
  }
  return [...found].sort();
}

function copy(module, target) {
  const destination = join(target, relative(ROOT, module));
  mkdirSync(dirname(destination), { recursive: true });
  if (lstatSync(module).isSymbolicLink()) symlinkSync(readlinkSync(module), destination);
  // Packages inside of it are copied by themselves, if they are needed.
  else
    cpSync(module, destination, {
      recursive: true,
      filter: (path) => !(UNREAD.test(basename(path)) || isNested(path, module)),
    });
}

const isNested = (path, module) => basename(path) === 'node_modules' && path !== module;

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const [target] = process.argv.slice(2);
  const modules = findRuntimeModules(shopServiceNames().map((name) => `services/${name}`));
  for (const module of modules) copy(module, target);
  console.log(`${modules.length} packages`);
}

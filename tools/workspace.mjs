// Where things are: the workspace's folders and the services in it. Node built-ins only, so that every tool may use it
// before anything is installed.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Names of all services: the folders under services/ that have a package.json. */
export function serviceNames() {
  const folder = join(ROOT, 'services');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'package.json')))
    .map((entry) => entry.name)
    .sort();
}

/** Works for shops instead of in one: an image of its own, but no routes, events or settings of a shop. */
const OPERATOR = 'operator';

/** Names of the services that a shop is made of. */
export function shopServiceNames() {
  return serviceNames().filter((name) => name !== OPERATOR);
}

/** Names of the services that own a database. */
export function databaseServiceNames() {
  return serviceNames().filter((name) => existsSync(join(ROOT, 'services', name, 'prisma', 'schema.prisma')));
}

function serviceNameOf(argument) {
  const known = serviceNames();
  if (known.includes(argument)) return argument;
  for (const base of [process.cwd(), ROOT]) {
    const [top, name, rest] = relative(ROOT, resolve(base, argument)).split(/[\\/]/);
    if (top === 'services' && name !== undefined && rest === undefined && known.includes(name)) return name;
  }
  console.error(`${argument} is no service; there are: ${known.join(', ')}`);
  process.exit(2);
}

/**
 * The services named on a command line as folders (`services/x`, `.` inside of one) or names; all of `fallback` when
 * none is named.
 */
export function selectServices(args, fallback = serviceNames()) {
  return args.length === 0 ? fallback : args.map((argument) => serviceNameOf(argument));
}

/** The folder of a service. */
export function serviceFolder(name) {
  return join(ROOT, 'services', name);
}

// Bundles services into dist/main.js, one file each that runs with nothing beside it.
// `node tools/bundle.mjs [services/x …]`
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from './generate.mjs';
import { databaseServiceNames, ROOT, selectServices, serviceFolder } from './workspace.mjs';

/** A bundle above this is a mistake (a development tool pulled in, Prisma's large query compiler). */
export const BUNDLE_BYTES_MAX = 5_000_000;

// Native addons cannot be inlined: the module and its binary for this platform are copied beside the bundle.
export const NATIVE_MODULES = { 'user-service': ['@node-rs/argon2'] };

// CommonJS packages (pg, amqplib, ioredis, pino) call require and some read __filename, which ES modules lack. The names
// are ours alone, so that they never collide with a bundled module that makes its own require.
const BANNER = [
  "import { createRequire as soukCreateRequire } from 'node:module';",
  "import { fileURLToPath as soukFileUrlToPath } from 'node:url';",
  "import { dirname as soukDirname } from 'node:path';",
  'const require = soukCreateRequire(import.meta.url);',
  'const __filename = soukFileUrlToPath(import.meta.url);',
  'const __dirname = soukDirname(__filename);',
].join('');

// Zod carries its messages in some fifty languages, 270 KB; ours are English.
const englishOnly = {
  name: 'english-only',
  setup(build) {
    build.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** Options that bundle one entry point for Node 20; `tools/start.mjs` builds the embedded run with the same ones. */
export function bundleOptions({ entryPoint, outfile, external = [] }) {
  return {
    entryPoints: [entryPoint],
    outfile,
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    minify: true,
    // Logs and metrics name functions and error classes.
    keepNames: true,
    plugins: [englishOnly],
    external: [...external, 'pg-native'],
    banner: { js: BANNER },
    logLevel: 'warning',
    metafile: true,
  };
}

/** `@node-rs/argon2` and the `@node-rs/argon2-<platform>` that npm chose for this machine. */
function copyNativeModule(name, target) {
  const [scope, base] = name.split('/');
  const installed = join(ROOT, 'node_modules', scope);
  for (const folder of readdirSync(installed).filter((other) => other === base || other.startsWith(`${base}-`))) {
    cpSync(join(installed, folder), join(target, scope, folder), { recursive: true });
  }
}

/** Bundles one service and answers the size of its file in bytes. */
export async function bundleService(service) {
  const { build } = await import('esbuild');
  const folder = serviceFolder(service);
  const outfile = join(folder, 'dist', 'main.js');
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  mkdirSync(join(folder, 'dist'), { recursive: true });
  await build(
    bundleOptions({ entryPoint: join(folder, 'src', 'main.ts'), outfile, external: NATIVE_MODULES[service] ?? [] }),
  );
  for (const name of NATIVE_MODULES[service] ?? []) copyNativeModule(name, join(folder, 'dist', 'node_modules'));
  // The file may be copied away from this workspace: beside it, this says that it is an ES module.
  writeFileSync(join(folder, 'dist', 'package.json'), '{ "type": "module" }\n');
  return statSync(outfile).size;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const services = selectServices(process.argv.slice(2));
  if (!(await generate(services.filter((name) => databaseServiceNames().includes(name))))) process.exit(1);
  for (const service of services) {
    try {
      const bytes = await bundleService(service);
      console.log(`${service}: dist/main.js, ${(bytes / 1e6).toFixed(2)} MB`);
      if (bytes > BUNDLE_BYTES_MAX) {
        console.error(`${service}: the bundle is larger than ${BUNDLE_BYTES_MAX / 1e6} MB`);
        process.exitCode = 1;
      }
    } catch (error) {
      // esbuild has printed the reasons already
      console.error(`${service}: not bundled (${error instanceof Error ? error.message.split('\n')[0] : error})`);
      process.exitCode = 1;
    }
  }
}

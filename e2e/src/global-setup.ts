import { execFileSync } from 'node:child_process';
import { ROOT } from './child.ts';

/** Builds what the platforms run, once; unchanged sources cost nothing in the embedded one. */
export function setup(): void {
  for (const script of ['tools/bundle.mjs', 'tools/bundle-embedded.mjs']) {
    execFileSync(process.execPath, [script], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

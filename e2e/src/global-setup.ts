import { execFileSync } from 'node:child_process';
import { ROOT } from './child.ts';
import { SERVICE_NAMES } from './platform.ts';

/** Builds what the platforms run, once; unchanged sources cost nothing in the embedded one. */
export function setup(): void {
  const services = SERVICE_NAMES.map((name) => `services/${name}`);
  for (const command of [['tools/bundle.mjs', ...services], ['tools/bundle-embedded.mjs']]) {
    execFileSync(process.execPath, command, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

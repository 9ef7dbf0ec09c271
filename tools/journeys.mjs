// Tells the customer journeys as they happen, into docs/reference/journeys.md: `npm run journeys`. Runs them over the one-process
// platform; every request in the page was sent and every answer given, only ids, times and secrets are told in words.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './workspace.mjs';

const args = ['e2e', 'e2e/stories', 'day-in-the-shop', '-t', 'embedded'];
const { status } = spawnSync(process.execPath, [join(ROOT, 'tools', 'vitest.mjs'), ...args], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, SOUK_TRANSCRIPT: join(ROOT, 'docs', 'reference', 'journeys.md') },
});
process.exit(status ?? 1);

// What .ci/run runs on a clean checkout: npm test, then the checks around it, then the cluster. Closes with one line,
// "N passed, N failed". `--only=tests|checks|cluster` runs one part of it.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runOnCluster } from './ci/cluster.mjs';
import { Steps } from './ci/steps.mjs';
import { ensureInstalled } from './install.mjs';

const { values: flags } = parseArgs({ options: { only: { type: 'string' } } });
const PARTS = ['tests', 'checks', 'cluster'];
if (flags.only !== undefined && !PARTS.includes(flags.only)) {
  console.error(`--only is one of ${PARTS.join(', ')}`);
  process.exit(2);
}
const wants = (part) => flags.only === undefined || flags.only === part;

const steps = new Steps();
const node = (script, ...args) => [process.execPath, join('tools', script), ...args];

async function runTests(folder) {
  const summary = join(folder, 'summary.json');
  const ok = await steps.attempt('npm test', ['npm', 'test'], { env: { SOUK_TEST_SUMMARY: summary } });
  const counted = existsSync(summary) ? JSON.parse(readFileSync(summary, 'utf8')) : { passed: 0, failed: 0 };
  steps.passed += counted.passed;
  steps.failed += counted.failed;
  if (!ok) steps.failures.push('npm test', ...(counted.failures ?? []));
  if (!ok && counted.failed === 0) steps.failed += 1;
}

async function runChecks() {
  await steps.run('Lint', ['npx', 'biome', 'check', '.']);
  await steps.run('Types', node('nx.mjs', 'typecheck'));
  await steps.run('Migrations lead to the schemas', node('drift.mjs'));
  await steps.run('OpenAPI documents', node('openapi.mjs', '--check'));
  await steps.run('Every problem is expected by a test', node('problem-slugs.mjs'));
  await steps.run('Client of the API', node('client.mjs', '--check'));
  await steps.run('AsyncAPI document', node('asyncapi.mjs', '--check'));
  await steps.run('Reference of environment variables', node('environment.mjs', '--check'));
  await steps.run('Definition of Shop, charts and their pages', node('shop.mjs', '--check'));
  await steps.run('Charts', ['npm', 'run', '--silent', 'test:operator', '--', '--only=charts']);
  await steps.run('Manifests', ['npm', 'run', '--silent', 'k8s:synth', '--', '--check']);
  await steps.run('Bundles and their sizes', node('nx.mjs', 'build'));
}

// `npm test` does this itself.
if (!wants('tests') && !ensureInstalled()) process.exit(1);
const folder = mkdtempSync(join(tmpdir(), 'souk-ci-'));
try {
  if (wants('tests')) await runTests(folder);
  if (wants('checks')) await runChecks();
  const { SOUK_CI_CLUSTER: cluster, SOUK_CI_ENGINE: engine, SOUK_CI_MINUTES: minutes = '60' } = process.env;
  const endsAt = Number(minutes) * 60_000;
  if (wants('cluster') && cluster && engine) await runOnCluster(steps, { engine, cluster, endsAt });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = steps.close();

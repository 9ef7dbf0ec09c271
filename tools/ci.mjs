// What .ci/run runs on a clean checkout: npm test, then the checks around it. Closes with one line, "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './workspace.mjs';

const total = { passed: 0, failed: 0 };
const failures = [];

function run(title, command, { env = {}, counts = true } = {}) {
  console.log(`\n── ${title} ${'─'.repeat(Math.max(0, 76 - title.length))}`);
  const startedAt = performance.now();
  const [program, ...args] = command;
  const result = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, CI: 'true', ...env } });
  const ok = result.status === 0;
  console.log(`${title}: ${ok ? 'passed' : 'FAILED'} after ${Math.round((performance.now() - startedAt) / 1000)} s`);
  if (!ok) failures.push(title);
  if (counts) total[ok ? 'passed' : 'failed'] += 1;
  return ok;
}

function runNpmTest(folder) {
  const summary = join(folder, 'summary.json');
  const ok = run('npm test', ['npm', 'test'], { env: { SOUK_TEST_SUMMARY: summary }, counts: false });
  if (existsSync(summary)) {
    const { passed, failed, failures: tests } = JSON.parse(readFileSync(summary, 'utf8'));
    failures.push(...tests);
    total.passed += passed;
    total.failed += failed;
  }
  if (!ok && total.failed === 0) total.failed += 1;
}

/** The platform on a real cluster, where .ci/run has found a program that starts one. */
function runOnCluster(cluster) {
  if (!run('A cluster', [cluster, 'up'])) return;
  try {
    run('Platform on the cluster', ['npm', 'run', '--silent', 'test:cluster', '--', '--quick']);
    run('Operator on the cluster', ['npm', 'run', '--silent', 'test:operator', '--', '--only=cluster', '--quick']);
  } finally {
    run('The cluster is removed', [cluster, 'down'], { counts: false });
  }
}

const node = (script, ...args) => [process.execPath, join('tools', script), ...args];

const folder = mkdtempSync(join(tmpdir(), 'souk-ci-'));
try {
  runNpmTest(folder);
  run('Lint', ['npx', 'biome', 'check', '.']);
  run('Types', node('nx.mjs', 'typecheck'));
  run('Migrations lead to the schemas', node('drift.mjs'));
  run('OpenAPI documents', node('openapi.mjs', '--check'));
  run('Every problem is expected by a test', node('problem-slugs.mjs'));
  run('Client of the API', node('client.mjs', '--check'));
  run('AsyncAPI document', node('asyncapi.mjs', '--check'));
  run('Reference of environment variables', node('environment.mjs', '--check'));
  run('Definition of Shop, charts and their pages', node('shop.mjs', '--check'));
  run('Charts', ['npm', 'run', '--silent', 'test:operator', '--', '--only=charts']);
  run('Manifests', ['npm', 'run', '--silent', 'k8s:synth', '--', '--check']);
  run('Bundles and their sizes', node('nx.mjs', 'build'));
  if (process.env.SOUK_CI_CLUSTER) runOnCluster(process.env.SOUK_CI_CLUSTER);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (failures.length > 0) console.log(`\nFailed:\n- ${failures.join('\n- ')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

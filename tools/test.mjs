// `npm test`: everything that has to hold, on a bare machine. Installs and generates what is missing, checks the budgets, then
// runs unit, integration and end-to-end tests, and closes with "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ensureInstalled, nodeProblem } from './install.mjs';
import { ROOT } from './workspace.mjs';

const KINDS = ['unit', 'int', 'e2e'];
const TITLES = { unit: 'Unit tests', int: 'Integration tests', e2e: 'End-to-end tests' };

const total = { passed: 0, failed: 0, failures: [] };

function count(passed, failed) {
  total.passed += passed;
  total.failed += failed;
}

function heading(text) {
  console.log(`\n── ${text} ${'─'.repeat(Math.max(0, 76 - text.length))}`);
}

function runScript(script, args = []) {
  const result = spawnSync(process.execPath, [join(ROOT, 'tools', script), ...args], { cwd: ROOT, stdio: 'inherit' });
  if (result.signal !== null) process.exit(130); // interrupted: the child has cleaned up
  return result.status === 0;
}

function runStep(title, script, args) {
  heading(title);
  const ok = runScript(script, args);
  count(ok ? 1 : 0, ok ? 0 : 1);
  return ok;
}

/** What failed in a file: "path > title: first lines of the message". Said again at the end, where it is found in a long log. */
function failuresOf({ name, message, assertionResults }) {
  const path = relative(ROOT, name);
  const short = (text) => text.split('\n').slice(0, 6).join('\n  ');
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0 && message) return [`${path}: ${short(message)}`];
  return failed.map(({ fullName, failureMessages }) => `${path} > ${fullName}: ${short(failureMessages.join('\n'))}`);
}

/** Runs one kind of tests; its counts come from vitest's own report, so that a crash of vitest is no silence. */
function runTests(kind, folder, args) {
  heading(TITLES[kind]);
  const report = join(folder, `${kind}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const ok = runScript('vitest.mjs', [kind, ...reporters, ...args]);
  if (!existsSync(report)) {
    console.error(`${TITLES[kind]} ended without a report`);
    count(0, 1);
    return;
  }
  const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  total.failures.push(...testResults.flatMap((file) => failuresOf(file)));
  // A file that cannot be loaded and an error outside of any test are failures too.
  const failed = numFailedTests > 0 ? numFailedTests : ok ? 0 : Math.max(1, numFailedTestSuites);
  count(numPassedTests, failed);
  if (numPendingTests > 0) console.log(`${numPendingTests} skipped`);
}

function main(args) {
  const problem = nodeProblem();
  if (problem !== undefined) {
    console.error(problem);
    process.exit(1);
  }
  if (!ensureInstalled()) process.exit(1);
  const kinds = args.filter((argument) => KINDS.includes(argument));
  const rest = args.filter((argument) => !KINDS.includes(argument));
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'souk-report-'));
  try {
    const generated = runStep('Generated code', 'generate.mjs');
    if (kinds.length === 0) runStep('Budgets', 'budgets.mjs');
    if (generated) for (const kind of kinds.length === 0 ? KINDS : kinds) runTests(kind, folder, rest);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\nTook ${Math.round((performance.now() - startedAt) / 1000)} s`);
  // A caller that adds further checks prints the one line at the end itself.
  if (process.env.SOUK_TEST_SUMMARY) writeFileSync(process.env.SOUK_TEST_SUMMARY, JSON.stringify(total));
  else {
    for (const failure of total.failures) console.log(`\nFailed: ${failure}`);
    console.log(`\n${total.passed} passed, ${total.failed} failed`);
  }
  process.exitCode = total.failed === 0 ? 0 : 1;
}

// The children get Ctrl-C as well and clean up; this process waits for them.
process.on('SIGINT', () => {});
main(process.argv.slice(2));

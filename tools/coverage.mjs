// `npm run coverage`: runs unit and integration tests and holds what they covered against the minimum; a folder narrows both.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { ROOT } from './workspace.mjs';

/** Per cent of the lines of every workspace, and of every folder of a service. */
export const LINES_MIN = 90;

/** The groups that a file counts for: its workspace, and in a service its folder under src. */
function groupsOf(path) {
  const [kind, name, , ...rest] = path.split('/');
  const workspace = `${kind}/${name}`;
  return kind === 'services' && rest.length > 1 ? [workspace, `${workspace}/src/${rest[0]}`] : [workspace];
}

/** What a summary of istanbul says, by group: lines, how many of them were run, and how many per cent that is. */
export function groupCoverage(summary, root) {
  const groups = new Map();
  for (const [file, { lines }] of Object.entries(summary)) {
    if (file === 'total') continue;
    for (const name of groupsOf(relative(root, file).replaceAll('\\', '/'))) {
      const group = groups.get(name) ?? { name, total: 0, covered: 0 };
      group.total += lines.total;
      group.covered += lines.covered;
      groups.set(name, group);
    }
  }
  return [...groups.values()]
    .map((group) => ({ ...group, percent: group.total === 0 ? 100 : (100 * group.covered) / group.total }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A line per workspace, and one per folder that is below the minimum; the groups that are. */
export function renderCoverage(groups) {
  const isLow = ({ percent }) => percent < LINES_MIN;
  const isWorkspace = ({ name }) => name.split('/').length === 2;
  const shown = groups.filter((group) => isWorkspace(group) || isLow(group));
  const width = Math.max(...shown.map(({ name }) => name.length), 'Lines covered'.length);
  const rows = shown.map((group) => {
    const { covered, name, percent, total } = group;
    // Rounded down: what is shown as 90 is 90.
    const shownPercent = (Math.floor(percent * 10) / 10).toFixed(1);
    return `${name.padEnd(width)} ${`${covered} of ${total}`.padStart(14)} ${shownPercent.padStart(6)} %${isLow(group) ? '  too low' : ''}`;
  });
  return { text: [`${'Lines covered'.padEnd(width)}`, ...rows].join('\n'), low: shown.filter(isLow) };
}

function scopeOf(argument) {
  if (argument === undefined) return '';
  const folder = [resolve(ROOT, argument), resolve(argument)].find((path) => existsSync(path));
  if (folder === undefined || !statSync(folder).isDirectory()) {
    console.error(`${argument} is no folder`);
    process.exit(2);
  }
  return relative(ROOT, folder).replaceAll('\\', '/');
}

function main([argument]) {
  const scope = scopeOf(argument);
  const summary = join(ROOT, 'coverage', 'coverage-summary.json');
  rmSync(summary, { force: true });
  const run = [join(ROOT, 'tools', 'vitest.mjs'), 'unit,int', ...(scope === '' ? [] : [scope]), '--coverage'];
  const { signal, status } = spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' });
  if (signal !== null) process.exit(130);
  if (!existsSync(summary)) {
    console.error('The tests ended without a summary of their coverage');
    process.exit(1);
  }
  const { low, text } = renderCoverage(groupCoverage(JSON.parse(readFileSync(summary, 'utf8')), ROOT));
  console.log(`\n${text}\n`);
  if (low.length > 0) console.log(`Below ${LINES_MIN} % of lines: ${low.map(({ name }) => name).join(', ')}`);
  console.log('Line by line: coverage/index.html');
  process.exitCode = status === 0 && low.length === 0 ? 0 : 1;
}

// The tests get Ctrl-C as well and stop their servers; this process waits for them.
if (process.argv[1] === new URL(import.meta.url).pathname) {
  process.on('SIGINT', () => {});
  main(process.argv.slice(2));
}

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SERVICE_NAMES } from '../src/model/platform.ts';
import { listFolder, readText } from './files.ts';

interface Job {
  permissions?: Record<string, string>;
  'timeout-minutes'?: number;
  strategy?: { matrix: Record<string, string[]> };
  steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}

const files = listFolder('.github/workflows').map((name) => `.github/workflows/${name}`);
const workflows = files.map((file) => ({ file, text: readText(file), ...parse(readText(file)) }));
const ci = workflows.find(({ file }) => file.endsWith('/ci.yml'));
const jobsOf = (workflow: { jobs: Record<string, Job> }) => Object.values(workflow.jobs);

describe('Workflows', () => {
  it.each(workflows)('$file writes nothing by default, and an older run of a branch gives way', (workflow) => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(workflow.concurrency?.group).toContain('github.ref');
  });

  it.each(workflows)('$file pins its actions to a commit, with the version behind it', ({ text }) => {
    const used = [...text.matchAll(/uses: (\S+)(.*)$/gm)].filter(([, action]) => !action?.startsWith('./'));
    for (const [, action, comment] of used) {
      expect(action).toMatch(/@([0-9a-f]{40}|v\d+\.\d+\.\d+)$/);
      if (/@[0-9a-f]{40}$/.test(action ?? '')) expect(comment).toMatch(/# v\d+\.\d+\.\d+/);
    }
  });

  it.each(workflows)('$file ends every job by itself', (workflow) => {
    for (const job of jobsOf(workflow)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  it('run scripts that exist, and build the image of every service', () => {
    const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
    const commands = jobsOf(ci).flatMap(({ steps }) => steps.map(({ run = '' }) => run));
    const named = commands.flatMap((run) => [...run.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? ''));
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
    expect(ci.jobs.images.strategy.matrix.service).toEqual(expect.arrayContaining([...SERVICE_NAMES]));
  });
});

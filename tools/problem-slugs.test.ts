import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseFile } from './budgets/source-files.mjs';
import { slugsExpectedIn } from './problem-slugs.mjs';

const SLUGS = new Set(['conflict', 'not-found', 'out-of-stock']);

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'souk-slugs-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function slugsIn(text: string): string[] {
  const path = join(root, 'some.test.ts');
  writeFileSync(path, text);
  const file = parseFile(root, { folder: root, kind: 'package', manifest: {}, name: 'some' }, path);
  return slugsExpectedIn(file, SLUGS).map(({ slug }: { slug: string }) => slug);
}

it.each([
  ['an expectation', `expect(slug).toBe('conflict')`],
  ['an expectation of the type', `expect(body).toMatchObject({ type: '/problems/conflict' })`],
  ['a pattern', `expect(text).toMatch(/problems\\/conflict/)`],
  ['an assertion', `assert.equal(problem.slug, 'conflict')`],
  ['what a helper of the test expects', `await refusal(order(), 'conflict')`],
  ['a table of cases', `it.each([['twice', 'conflict']])('refuses', () => {})`],
  ['a table by name', `const cases = [{ slug: 'conflict' }];`],
])('takes a slug in %s for expected', (_what, text) => {
  expect(slugsIn(text)).toEqual(['conflict']);
});

it.each([
  ['a refusal that the test makes up', `expect(map(new Refusal('conflict', 'x')))`],
  ['an argument of something else', `start('conflict')`],
  ['another word', `expect(slug).toBe('conflicting')`],
])('does not take %s for expected', (_what, text) => {
  expect(slugsIn(text)).toEqual([]);
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../src/child.ts';

const FOLDER = join(ROOT, 'e2e/stories/journeys');

/** Titles of scenes, as they are written. */
function titlesIn(source: string): string[] {
  return [...source.matchAll(/^ *it\((['"])(.+?)\1,/gm)].map(([, , title]) => title ?? '');
}

test('the page of journeys tells every scene; `npm run journeys` writes it anew', () => {
  const page = readFileSync(join(ROOT, 'docs/reference/journeys.md'), 'utf8');
  const titles = readdirSync(FOLDER).flatMap((name) => titlesIn(readFileSync(join(FOLDER, name), 'utf8')));
  expect(titles.length).toBeGreaterThan(40);
  expect(titles.filter((title) => !page.includes(`**${title}**`))).toEqual([]);
});

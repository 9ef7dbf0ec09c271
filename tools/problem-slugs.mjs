// Whether a test produces every problem of the catalogue: `node tools/problem-slugs.mjs [--list]`. A slug counts where a test
// expects it of the platform; one that a test only makes up (`new Refusal('conflict')`) does not.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import { namesOfCall, readTestFiles, textOf, walkWithAncestors } from './test-calls.mjs';
import { ROOT } from './workspace.mjs';

// Names of what expects: expect, assert.equal, refusal(…), slugOf(…), it.each(…).
const EXPECTS = /^(expect|assert|refus|problem|slug|each$|to[A-Z])/i;
// The contract cases of every route stand in a package; e2e/contract sends them all.
const CONTRACT_CASES = 'packages/http/src/contract-cases.ts';

function isMadeUp(ancestors) {
  return ancestors.some((node) => node.type === 'NewExpression' && /Refusal|Problem/.test(node.callee?.name ?? ''));
}

function isExpected(ancestors) {
  return ancestors.some(
    (node) =>
      (node.type === 'CallExpression' && namesOfCall(node).some((name) => EXPECTS.test(name))) ||
      // A table that tests are made from.
      (node.type === 'VariableDeclarator' &&
        /^(ArrayExpression|TSAsExpression|TSSatisfiesExpression)$/.test(node.init?.type ?? '')),
  );
}

/** The slugs that a file of tests expects, with their lines. */
export function slugsExpectedIn(file, slugs) {
  const found = [];
  walkWithAncestors(file.program, (node, ancestors) => {
    const text = textOf(node);
    if (text === undefined || isMadeUp(ancestors) || !isExpected(ancestors)) return;
    const slug = /problems\/([a-z-]+)/.exec(text)?.[1] ?? text;
    if (slugs.has(slug)) found.push({ slug, where: `${file.path}:${file.lineOf(node.start)}` });
  });
  return found;
}

function slugsOfContractCases(slugs) {
  const lines = readFileSync(join(ROOT, CONTRACT_CASES), 'utf8').split('\n');
  return lines.flatMap((line, index) =>
    [...line.matchAll(/slug: '([a-z-]+)'/g)]
      .filter(([, slug]) => slugs.has(slug))
      .map(([, slug]) => ({ slug, where: `${CONTRACT_CASES}:${index + 1}` })),
  );
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { PROBLEMS } = await tsImport('../packages/contracts/src/problems.ts', import.meta.url);
  const slugs = new Set(Object.keys(PROBLEMS));
  const found = [...slugsOfContractCases(slugs), ...readTestFiles().flatMap((file) => slugsExpectedIn(file, slugs))];
  const places = new Map(
    [...slugs].map((slug) => [slug, found.filter((each) => each.slug === slug).map(({ where }) => where)]),
  );
  if (process.argv.includes('--list')) {
    for (const [slug, wheres] of places) {
      console.log(
        `${PROBLEMS[slug].status} ${slug.padEnd(24)} ${String(wheres.length).padStart(3)}  ${wheres[0] ?? ''}`,
      );
    }
  }
  const missing = [...places].filter(([, wheres]) => wheres.length === 0).map(([slug]) => slug);
  for (const slug of missing) console.error(`No test expects the problem ${slug}`);
  if (missing.length === 0) console.log(`All ${slugs.size} problems are expected by tests`);
  process.exitCode = missing.length === 0 ? 0 : 1;
}

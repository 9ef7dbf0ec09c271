import { expect, it } from 'vitest';
import { countWithChildren, createCategoryTree, slugsBelow, wouldMakeCycle } from './category-tree.ts';

const tree = createCategoryTree(
  [
    ['home', null],
    ['kitchen', 'home'],
    ['tea', 'kitchen'],
    ['toys', null],
  ].map(([slug, parent]) => ({ slug: slug ?? '', name: slug ?? '', parent: parent ?? null, version: 1 })),
);

it('knows what is below a category', () => {
  expect(slugsBelow(tree, 'home')).toEqual(['home', 'kitchen', 'tea']);
  expect(slugsBelow(tree, 'toys')).toEqual(['toys']);
  expect(slugsBelow(tree, 'nowhere')).toEqual([]);
});

it('knows what would make a cycle', () => {
  expect(wouldMakeCycle(tree, 'home', 'tea')).toBe(true);
  expect(wouldMakeCycle(tree, 'home', 'home')).toBe(true);
  expect(wouldMakeCycle(tree, 'tea', 'toys')).toBe(false);
});

it('counts products with those below', () => {
  const counts = countWithChildren(
    tree,
    new Map([
      ['tea', 2],
      ['home', 1],
    ]),
  );
  expect(Object.fromEntries(counts)).toEqual({ home: 3, kitchen: 2, tea: 2, toys: 0 });
});

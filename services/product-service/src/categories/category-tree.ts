export interface Category {
  slug: string;
  name: string;
  parent: string | null;
  version: number;
}

/** The categories as a forest, by slug. */
export type CategoryTree = ReadonlyMap<string, Category>;

export function createCategoryTree(categories: readonly Category[]): CategoryTree {
  return new Map(categories.map((category) => [category.slug, category]));
}

/** A category and everything below it; empty where there is none of that slug. */
export function slugsBelow(tree: CategoryTree, slug: string): string[] {
  if (!tree.has(slug)) return [];
  const found = [slug];
  // The list grows while it is walked; a category has one parent, so none is met twice.
  for (const parent of found) {
    for (const category of tree.values()) if (category.parent === parent) found.push(category.slug);
  }
  return found;
}

/** Whether `slug` would become its own ancestor under `parent`. */
export function wouldMakeCycle(tree: CategoryTree, slug: string, parent: string): boolean {
  return slugsBelow(tree, slug).includes(parent);
}

/** How many products each category has, with those of the categories below it: what a list of it would show. */
export function countWithChildren(tree: CategoryTree, own: ReadonlyMap<string, number>): Map<string, number> {
  return new Map(
    [...tree.keys()].map((slug) => [
      slug,
      slugsBelow(tree, slug).reduce((sum, below) => sum + (own.get(below) ?? 0), 0),
    ]),
  );
}

import type { CatalogGeneration } from '../catalog/catalog-generation.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { countProducts, loadTree } from './category-repository.ts';
import { type CategoryTree, countWithChildren, slugsBelow } from './category-tree.ts';
import type { CountedCategory } from './manage-categories.ts';

export interface CategoryReader {
  /** All categories by name. */
  list(): Promise<readonly CountedCategory[]>;
  /** The category and all below it, as at a generation or later. */
  slugsBelow(slug: string, generation: number): Promise<readonly string[]>;
}

interface Snapshot {
  generation: number;
  loaded: Promise<{ tree: CategoryTree; counted: CountedCategory[] }>;
}

/** Categories are few and change rarely: they are kept whole, for as long as the catalogue stays at its generation. */
export function createCategoryReader(prisma: PrismaClient, generation: CatalogGeneration): CategoryReader {
  let snapshot: Snapshot | undefined;

  function at(current: number): Snapshot['loaded'] {
    if (snapshot !== undefined && snapshot.generation >= current) return snapshot.loaded;
    const begun: Snapshot = { generation: current, loaded: load(prisma) };
    snapshot = begun;
    begun.loaded.catch(() => {
      if (snapshot === begun) snapshot = undefined;
    });
    return begun.loaded;
  }

  return {
    list: async () => (await at(await generation.current())).counted,
    slugsBelow: async (slug, current) => slugsBelow((await at(current)).tree, slug),
  };
}

async function load(prisma: PrismaClient): Promise<{ tree: CategoryTree; counted: CountedCategory[] }> {
  const [tree, own] = await Promise.all([loadTree(prisma), countProducts(prisma)]);
  const counts = countWithChildren(tree, own);
  const counted = [...tree.values()]
    .map((category) => ({ ...category, productCount: counts.get(category.slug) ?? 0 }))
    .sort(byName);
  return { tree, counted };
}

const collator = new Intl.Collator('en');

function byName(a: Category, b: Category): number {
  return collator.compare(a.name, b.name) || collator.compare(a.slug, b.slug);
}

type Category = Pick<CountedCategory, 'name' | 'slug'>;

import { Refusal } from '@souk/contracts';
import type { CatalogGeneration } from '../catalog/catalog-generation.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import {
  type CategoryTransaction,
  countProducts,
  inCategoryTransaction,
  insertCategory,
  loadTree,
} from './category-repository.ts';
import { type Category, type CategoryTree, countWithChildren, slugsBelow, wouldMakeCycle } from './category-tree.ts';

export interface ManageCategoriesDependencies {
  prisma: PrismaClient;
  generation: CatalogGeneration;
  now: () => Date;
}

export interface CountedCategory extends Category {
  productCount: number;
}

export async function createCategory(
  deps: ManageCategoriesDependencies,
  command: { slug: string; name: string; parent: string | null },
): Promise<CountedCategory> {
  return changeCategories(deps, async (tx) => {
    const tree = await loadTree(tx);
    if (command.parent !== null) requireParent(tree, command.parent);
    const created = await insertCategory(tx, command, deps.now());
    return { ...created, productCount: 0 };
  });
}

export interface UpdateCategory {
  slug: string;
  checkVersion: (currentVersion: number) => void;
  name: string | undefined;
  /** Null takes the category to the top; undefined leaves it where it is. */
  parent: string | null | undefined;
}

export async function changeCategory(
  deps: ManageCategoriesDependencies,
  command: UpdateCategory,
): Promise<CountedCategory> {
  return changeCategories(deps, async (tx) => {
    const tree = await loadTree(tx);
    const current = requireCategory(tree, command.slug);
    command.checkVersion(current.version);
    const { name = current.name, parent = current.parent } = command;
    if (parent !== null) {
      requireParent(tree, parent);
      if (wouldMakeCycle(tree, command.slug, parent)) {
        throw new Refusal('conflict', `${parent} stands below ${command.slug} and cannot be its parent`);
      }
    }
    const version = current.version + 1;
    await tx.category.update({ where: { slug: command.slug }, data: { name, parent, version, updatedAt: deps.now() } });
    const changed = { slug: command.slug, name, parent, version };
    const counts = countWithChildren(await loadTree(tx), await countProducts(tx));
    return { ...changed, productCount: counts.get(command.slug) ?? 0 };
  });
}

export async function deleteCategory(
  deps: ManageCategoriesDependencies,
  command: { slug: string; checkVersion: (currentVersion: number) => void },
): Promise<void> {
  const { slug, checkVersion } = command;
  await changeCategories(deps, async (tx) => {
    const tree = await loadTree(tx);
    checkVersion(requireCategory(tree, slug).version);
    const products = await tx.product.count({ where: { category: slug, deletedAt: null } });
    const children = slugsBelow(tree, slug).length - 1;
    if (products + children > 0) {
      throw new Refusal('category-not-empty', `${slug} has ${products} products and ${children} categories below it`);
    }
    await tx.category.delete({ where: { slug } });
  });
}

async function changeCategories<T>(
  deps: ManageCategoriesDependencies,
  change: (tx: CategoryTransaction) => Promise<T>,
): Promise<T> {
  const result = await inCategoryTransaction(deps.prisma, change);
  await deps.generation.announce();
  return result;
}

function requireCategory(tree: CategoryTree, slug: string): Category {
  const category = tree.get(slug);
  if (category === undefined) throw new Refusal('not-found', 'There is no category of this slug');
  return category;
}

function requireParent(tree: CategoryTree, parent: string): void {
  if (tree.has(parent)) return;
  throw new Refusal('validation', 'The parent does not exist', {
    errors: [{ pointer: '/parent', detail: 'expected the slug of a category' }],
  });
}

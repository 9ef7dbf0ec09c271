import { Refusal } from '@souk/contracts';
import { classifyDatabaseError } from '@souk/service-runtime';
import type { Prisma, PrismaClient } from '../generated/prisma/client.ts';
import { type Category, type CategoryTree, createCategoryTree } from './category-tree.ts';

export type CategoryTransaction = Prisma.TransactionClient;

const COLUMNS = { slug: true, name: true, parent: true, version: true } as const;

export async function loadTree(db: CategoryTransaction): Promise<CategoryTree> {
  return createCategoryTree(await db.category.findMany({ select: COLUMNS }));
}

/** How many products on sale each category has itself. */
export async function countProducts(db: CategoryTransaction): Promise<Map<string, number>> {
  const groups = await db.product.groupBy({ by: ['category'], where: { deletedAt: null }, _count: { _all: true } });
  return new Map(
    groups.flatMap(({ category, _count }) => (category === null ? [] : [[category, _count._all] as const])),
  );
}

/**
 * Changes categories in one transaction that first takes the catalogue's turn, so that neither a product nor another
 * category moves while it decides.
 */
export async function inCategoryTransaction<T>(
  prisma: PrismaClient,
  change: (tx: CategoryTransaction) => Promise<T>,
): Promise<T> {
  return prisma.$transaction(async (tx) => {
    await tx.catalogState.update({ where: { id: 1 }, data: { generation: { increment: 1 } } });
    return change(tx);
  });
}

export async function insertCategory(
  tx: CategoryTransaction,
  category: { slug: string; name: string; parent: string | null },
  now: Date,
): Promise<Category> {
  try {
    return await tx.category.create({ data: { ...category, createdAt: now, updatedAt: now }, select: COLUMNS });
  } catch (error) {
    if (classifyDatabaseError(error).kind !== 'unique') throw error;
    throw new Refusal('category-exists', `There is a category ${category.slug} already`);
  }
}

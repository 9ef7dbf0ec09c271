import { Refusal } from '@souk/contracts';
import type { Pool, Queryable } from '@souk/service-runtime';
import { LRUCache } from 'lru-cache';
import { createBatchLoader } from './coalesce.ts';
import { PRODUCT_COLUMNS, type Product, type ProductRow, toProduct } from './product.ts';
import { isIdForm } from './slug.ts';

const BATCH = { keysMax: 100, batchesMax: 2 };
const SLUGS_MAX = 5_000;

export interface ProductFinder {
  /** By id or slug, as it is now; throws `not-found`. */
  get(idOrSlug: string): Promise<Product>;
}

/** Products of these ids that are on sale. */
export async function findProducts(db: Queryable, ids: readonly string[]): Promise<Map<string, Product>> {
  const { rows } = await db.query<ProductRow>({
    name: 'products',
    text: `SELECT ${PRODUCT_COLUMNS} FROM products p JOIN inventory v ON v.product_id = p.id
     WHERE p.id = ANY($1::uuid[]) AND p.deleted_at IS NULL`,
    values: [ids],
  });
  return new Map(rows.map((row) => [row.id, toProduct(row)]));
}

/**
 * A product page shows the stock of this moment, so it is read each time; what many ask for at once is one statement.
 * A slug names the same product for ever, so only the first visitor pays for finding its id.
 */
export function createProductFinder(pool: Pool): ProductFinder {
  const idOfSlug = new LRUCache<string, string>({ max: SLUGS_MAX });
  const productById = createBatchLoader<Product>({ load: (ids) => findProducts(pool, ids), ...BATCH });
  const idBySlug = createBatchLoader<string>({ load: (slugs) => findIds(pool, slugs), ...BATCH });

  async function idOf(idOrSlug: string): Promise<string | undefined> {
    if (isIdForm(idOrSlug)) return idOrSlug;
    const known = idOfSlug.get(idOrSlug);
    if (known !== undefined) return known;
    const found = await idBySlug(idOrSlug);
    if (found !== undefined) idOfSlug.set(idOrSlug, found);
    return found;
  }

  return {
    async get(idOrSlug) {
      const id = await idOf(idOrSlug);
      const product = id === undefined ? undefined : await productById(id);
      if (product === undefined) throw productNotFound();
      return product;
    },
  };
}

export function productNotFound(): Refusal {
  return new Refusal('not-found', 'No product on sale has this id or slug');
}

async function findIds(db: Queryable, slugs: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ slug: string; id: string }>(
    'SELECT slug, id FROM products WHERE slug = ANY($1::text[])',
    [slugs],
  );
  return new Map(rows.map((row) => [row.slug, row.id]));
}

import { Refusal } from '@souk/contracts';
import { classifyDatabaseError, type Queryable } from '@souk/service-runtime';
import { type SearchableText, searchableText, searchVectorSql } from '../search/search-text.ts';
import type { CatalogChange } from './catalog-writer.ts';
import { PRODUCT_COLUMNS, type Product, type ProductRow, toProduct } from './product.ts';
import { slugCandidates } from './slug.ts';

/** What an administrator says about a product. */
export interface ProductDraft {
  sku: string;
  name: string;
  description: string;
  category: string;
  priceAmount: number;
  currency: string;
  imageUrl: string | null;
}

/** Enough to sort by; a cursor carries it, so it must not be as long as a name may be. */
const NAME_KEY_CODE_POINTS = 100;

/** The key of `sort=name`: without regard to case. */
export function nameKeyOf(name: string): string {
  return [...name.toLowerCase()].slice(0, NAME_KEY_CODE_POINTS).join('');
}

/** Locks a product on sale until the transaction ends. */
export async function lockProduct(tx: Queryable, id: string): Promise<Product | undefined> {
  const { rows } = await tx.query<ProductRow>(
    `SELECT ${PRODUCT_COLUMNS} FROM products p JOIN inventory v ON v.product_id = p.id
     WHERE p.id = $1 AND p.deleted_at IS NULL FOR UPDATE OF p`,
    [id],
  );
  const row = rows[0];
  return row === undefined ? undefined : toProduct(row);
}

/** Writes a new product with its stock; throws `sku-taken`. */
export async function insertProduct(
  change: CatalogChange,
  id: string,
  product: { draft: ProductDraft; stock: number },
): Promise<void> {
  const { tx, now, generation } = change;
  const { draft, stock } = product;
  const text = searchableText(draft);
  const values = [...columnsOf(draft, text), id, generation, now];
  for (const slug of slugCandidates({ id, name: draft.name, sku: draft.sku })) {
    const { rowCount } = await tx.query(
      `INSERT INTO products (sku, name, name_key, description, category, price_amount, currency, image_url, search_name, search,
         id, version, generation, created_at, updated_at, slug)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, ${searchVectorSql('$9', '$10')}, $11, 1, $12, $13, $13, $14)
       ON CONFLICT DO NOTHING`,
      [...values, slug],
    );
    if (rowCount === 1) {
      await countWords(tx, text.words, []);
      await tx.query(
        `WITH stocked AS (
           INSERT INTO inventory (product_id, on_hand, updated_at) VALUES ($1, $2, $3) RETURNING product_id, on_hand)
         INSERT INTO inventory_movements (product_id, at, delta, reason, on_hand_after)
         SELECT product_id, $3, on_hand, 'initial stock', on_hand FROM stocked WHERE on_hand > 0`,
        [id, stock, now],
      );
      return;
    }
    if (await isSkuTaken(tx, draft.sku)) throw skuTaken(draft.sku);
  }
  throw new Refusal('conflict', 'No address could be made from the name of this product');
}

async function isSkuTaken(tx: Queryable, sku: string): Promise<boolean> {
  const { rowCount } = await tx.query('SELECT 1 FROM products WHERE sku = $1', [sku]);
  return rowCount === 1;
}

function skuTaken(sku: string): Refusal {
  return new Refusal('sku-taken', `Another product, maybe a withdrawn one, has the SKU ${sku}`);
}

/** Writes the next version of a locked product, and keeps what it was for walks that began before. */
export async function updateProduct(change: CatalogChange, current: Product, draft: ProductDraft): Promise<void> {
  const { tx, now, generation } = change;
  await tx.query(
    `INSERT INTO product_revisions (product_id, generation, replaced_generation, replaced_at, name_key, category, price_amount, search_name, search)
     SELECT id, generation, $2, $3, name_key, category, price_amount, search_name, search FROM products WHERE id = $1`,
    [current.id, generation, now],
  );
  const text = searchableText(draft);
  try {
    await tx.query(
      `UPDATE products SET sku = $1, name = $2, name_key = $3, description = $4, category = $5, price_amount = $6, currency = $7,
         image_url = $8, search_name = $9, search = ${searchVectorSql('$9', '$10')}, version = version + 1, generation = $12,
         updated_at = $13
       WHERE id = $11`,
      [...columnsOf(draft, text), current.id, generation, now],
    );
  } catch (error) {
    if (classifyDatabaseError(error).constraint === 'products_sku') throw skuTaken(draft.sku);
    throw error;
  }
  await countWords(tx, text.words, searchableText(current).words);
}

/** Withdraws a locked product: its sku and its address stay taken, orders that hold it go on. */
export async function withdrawProduct(change: CatalogChange, current: Product): Promise<void> {
  const { tx, now, generation } = change;
  await tx.query(
    'UPDATE products SET deleted_at = $2, updated_at = $2, version = version + 1, generation = $3 WHERE id = $1',
    [current.id, now, generation],
  );
  await countWords(tx, [], searchableText(current).words);
}

export async function categoryExists(tx: Queryable, slug: string): Promise<boolean> {
  const { rowCount } = await tx.query('SELECT 1 FROM categories WHERE slug = $1', [slug]);
  return rowCount === 1;
}

function columnsOf(draft: ProductDraft, text: SearchableText): unknown[] {
  const { sku, name, description, category, priceAmount, currency, imageUrl } = draft;
  return [
    sku,
    name,
    nameKeyOf(name),
    description,
    category,
    priceAmount,
    currency,
    imageUrl,
    text.name,
    text.description,
  ];
}

/** Keeps the vocabulary: in how many products on sale each word stands. */
async function countWords(tx: Queryable, words: readonly string[], wordsBefore: readonly string[]): Promise<void> {
  const before = new Set(wordsBefore);
  const after = new Set(words);
  const added = words.filter((word) => !before.has(word));
  const removed = wordsBefore.filter((word) => !after.has(word));
  if (added.length > 0) {
    await tx.query(
      `INSERT INTO search_words (word, products) SELECT word, 1 FROM unnest($1::text[]) AS word
       ON CONFLICT (word) DO UPDATE SET products = search_words.products + 1`,
      [added],
    );
  }
  if (removed.length > 0) {
    await tx.query('UPDATE search_words SET products = products - 1 WHERE word = ANY($1::text[]) AND products > 0', [
      removed,
    ]);
    await tx.query('DELETE FROM search_words WHERE word = ANY($1::text[]) AND products = 0', [removed]);
  }
}

import { createHash } from 'node:crypto';
import type { Pool } from '@souk/service-runtime';
import { nameKeyOf } from '../catalog/product-repository.ts';
import { slugCandidates } from '../catalog/slug.ts';
import { searchableText, searchVectorSql } from '../search/search-text.ts';
import { SEED_CATEGORIES, SEED_PRODUCTS, type SeedProduct } from './seed-products.ts';

/** The catalogue has grown since this day, a product every few hours, so that "newest" has something to say. */
const FIRST_DAY_MS = Date.UTC(2026, 2, 2, 8);
const STEP_MS = 37 * 3_600_000;

export interface SeedDependencies {
  pool: Pool;
  logger: { info(fields: object, message: string): void };
  currency: string;
}

/**
 * Writes the demonstration catalogue in one statement. Ids, addresses and times are the same each time, and what is there
 * already is left alone, so that seeding again changes nothing, whatever has been sold or edited since.
 */
export async function seedCatalog({ pool, logger, currency }: SeedDependencies): Promise<void> {
  const categories = JSON.stringify(SEED_CATEGORIES);
  const products = mixed(SEED_PRODUCTS).map((product, index) => toRow(product, index, currency));
  const known = await pool.query('SELECT 1 FROM products WHERE id = ANY($1::uuid[])', [products.map(({ id }) => id)]);
  if (known.rowCount === products.length) return;
  const values = [categories, JSON.stringify(products), new Date(FIRST_DAY_MS)];
  const { rows } = await pool.query<{ created: number }>(SEED, values);
  logger.info({ created: rows[0]?.created ?? 0, products: SEED_PRODUCTS.length }, 'Seeded the demonstration catalogue');
}

const SEED = `
WITH turn AS (
  UPDATE catalog_state SET generation = generation + 1 WHERE id = 1 RETURNING generation
), category AS (
  INSERT INTO categories (slug, name, parent, created_at, updated_at)
  SELECT slug, name, parent, $3::timestamptz, $3::timestamptz
  FROM json_to_recordset($1::json) AS c(slug text, name text, parent text) CROSS JOIN turn
  ON CONFLICT DO NOTHING
), seed AS (
  SELECT s.*, turn.generation FROM turn CROSS JOIN json_to_recordset($2::json) AS s(
    id uuid, sku text, slug text, name text, name_key text, description text, category text, price_amount int, currency text,
    image_url text, search_name text, search_description text, words text[], stock int, created_at timestamptz)
), product AS (
  INSERT INTO products (id, sku, slug, name, name_key, description, category, price_amount, currency, image_url, version,
    generation, search_name, search, created_at, updated_at)
  SELECT id, sku, slug, name, name_key, description, category, price_amount, currency, image_url, 1,
    generation, search_name, ${searchVectorSql('search_name', 'search_description')}, created_at, created_at
  FROM seed
  ON CONFLICT DO NOTHING
  RETURNING id
), stocked AS (
  INSERT INTO inventory (product_id, on_hand, updated_at)
  SELECT s.id, s.stock, s.created_at FROM seed s JOIN product p ON p.id = s.id
  RETURNING product_id, on_hand, updated_at
), movement AS (
  INSERT INTO inventory_movements (product_id, at, delta, reason, on_hand_after)
  SELECT product_id, updated_at, on_hand, 'initial stock', on_hand FROM stocked WHERE on_hand > 0 ORDER BY product_id
), word AS (
  INSERT INTO search_words AS w (word, products)
  SELECT word, count(*) FROM (SELECT s.id, unnest(s.words) AS word FROM seed s JOIN product p ON p.id = s.id) AS found GROUP BY word
  ON CONFLICT (word) DO UPDATE SET products = w.products + excluded.products
)
SELECT count(*)::int AS created FROM product`;

function toRow(product: SeedProduct, index: number, currency: string) {
  const { sku, name, description, category, priceAmount, stock } = product;
  const createdAt = new Date(FIRST_DAY_MS + index * STEP_MS);
  const id = seedId(sku, createdAt);
  const text = searchableText({ name, sku, description });
  return {
    id,
    sku,
    slug: slugCandidates({ id, name, sku })[0],
    name,
    name_key: nameKeyOf(name),
    description,
    category,
    price_amount: priceAmount,
    currency,
    image_url: `/media/${sku}.svg`,
    search_name: text.name,
    search_description: text.description,
    words: text.words,
    stock,
    created_at: createdAt.toISOString(),
  };
}

/** A UUIDv7 (RFC 9562, section 5.7) of the product's time whose random bits come from its sku. */
function seedId(sku: string, createdAt: Date): string {
  const time = createdAt.getTime().toString(16).padStart(12, '0');
  const bits = createHash('sha256').update(`souk seed ${sku}`).digest('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${bits.slice(0, 3)}-8${bits.slice(3, 6)}-${bits.slice(6, 18)}`;
}

/** One of each category in turn, so that the newest products are not all of one kind. */
function mixed(products: readonly SeedProduct[]): SeedProduct[] {
  const groups = SEED_CATEGORIES.map(({ slug }) => products.filter((product) => product.category === slug));
  const longest = Math.max(...groups.map((group) => group.length));
  return Array.from({ length: longest }, (_, index) => groups.flatMap((group) => group[index] ?? [])).flat();
}

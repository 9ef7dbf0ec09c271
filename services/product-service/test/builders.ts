import { newId, type Queryable } from '@souk/service-runtime';

/** A category that products of tests stand in. */
export async function insertTestCategory(
  db: Queryable,
  slug = 'things',
  parent: string | null = null,
): Promise<string> {
  await db.query(
    `INSERT INTO categories (slug, name, parent, created_at, updated_at) VALUES ($1, initcap($1), $2, now(), now())
     ON CONFLICT DO NOTHING`,
    [slug, parent],
  );
  return slug;
}

export interface TestProduct {
  id: string;
  sku: string;
}

/** Products with stock, written directly: `onHand` of the n-th is what is given for it. */
export async function insertTestProducts(db: Queryable, onHand: readonly number[]): Promise<TestProduct[]> {
  await insertTestCategory(db);
  const products = onHand.map(() => newId()).map((id) => ({ id, sku: `SKU-${id}` }));
  const ids = products.map(({ id }) => id);
  await db.query(
    `INSERT INTO products (id, sku, slug, name, name_key, description, category, price_amount, currency, generation, search_name,
       search, created_at, updated_at)
     SELECT id, 'SKU-' || id, 'product-' || right(replace(id::text, '-', ''), 12), 'Thing ' || position, 'thing ' || position, '',
       'things', 1000 + position, 'EUR', 1, 'thing', to_tsvector('simple', 'thing'), now(), now()
     FROM unnest($1::uuid[]) WITH ORDINALITY AS p(id, position)`,
    [ids],
  );
  await db.query(
    `WITH stocked AS (
       INSERT INTO inventory (product_id, on_hand, updated_at) SELECT id, on_hand, now() FROM unnest($1::uuid[], $2::int[]) AS p(id, on_hand)
       RETURNING product_id, on_hand)
     INSERT INTO inventory_movements (product_id, at, delta, reason, on_hand_after)
     SELECT product_id, now(), on_hand, 'initial stock', on_hand FROM stocked WHERE on_hand > 0`,
    [ids, onHand],
  );
  return products;
}

export interface StockRow {
  onHand: number;
  reserved: number;
  version: number;
}

export async function stockOf(db: Queryable, productId: string): Promise<StockRow> {
  const { rows } = await db.query<StockRow>(
    'SELECT on_hand AS "onHand", reserved, version FROM inventory WHERE product_id = $1',
    [productId],
  );
  return rows[0] ?? { onHand: -1, reserved: -1, version: -1 };
}

/** Products that break an invariant of the stock: over-reserved, negative, or not what movements and reservations add up to. */
export async function brokenStock(db: Queryable): Promise<unknown[]> {
  const { rows } = await db.query(
    `SELECT v.product_id, v.on_hand, v.reserved, moved.sum AS moved, held.sum AS held
     FROM inventory v
     CROSS JOIN LATERAL (SELECT coalesce(sum(delta), 0)::int AS sum FROM inventory_movements m WHERE m.product_id = v.product_id) moved
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(i.quantity), 0)::int AS sum FROM reservation_items i JOIN reservations r ON r.order_id = i.order_id
       WHERE i.product_id = v.product_id AND r.status = 'active') held
     WHERE v.on_hand < 0 OR v.reserved < 0 OR v.reserved > v.on_hand OR v.on_hand <> moved.sum OR v.reserved <> held.sum`,
  );
  return rows;
}

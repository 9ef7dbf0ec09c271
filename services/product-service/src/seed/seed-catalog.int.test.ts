import { createTestDatabase, type TestDatabase } from '@souk/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrations } from '../generated/migrations.ts';
import { seedCatalog } from './seed-catalog.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());

const seed = () => seedCatalog({ pool: database.ownerPool, logger: { info() {} }, currency: 'EUR' });
async function snapshot(): Promise<unknown[]> {
  const tables = [
    'categories',
    'products',
    'inventory',
    'inventory_movements',
    'search_words',
    'catalog_state',
    'outbox',
  ];
  const texts = tables.map((table) =>
    database.pool.query(`SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM ${table} t`),
  );
  return (await Promise.all(texts)).map(({ rows }) => rows[0]);
}

it('is written once; seeding again changes nothing, whatever was sold, changed or withdrawn since', async () => {
  await seed();
  const first = await snapshot();
  await seed();
  expect(await snapshot()).toEqual(first);
  await database.pool.query("UPDATE products SET name = 'Renamed', version = 2 WHERE sku = 'AUD-1001'");
  await database.pool.query("UPDATE products SET deleted_at = now() WHERE sku = 'AUD-1002'");
  await database.pool.query('UPDATE inventory SET on_hand = on_hand - 1 WHERE on_hand > 0');
  const later = await snapshot();
  await seed();
  expect(await snapshot()).toEqual(later);
});

it('completes what is missing', async () => {
  const { rows } = await database.ownerPool.query("SELECT id FROM products WHERE sku = 'TOY-1001'");
  for (const table of ['inventory_movements', 'inventory'])
    await database.ownerPool.query(`DELETE FROM ${table} WHERE product_id = $1`, [rows[0].id]);
  await database.ownerPool.query('DELETE FROM products WHERE id = $1', [rows[0].id]);
  await seed();
  const again = await database.pool.query("SELECT id FROM products WHERE sku = 'TOY-1001'");
  expect(again.rows).toEqual(rows);
});

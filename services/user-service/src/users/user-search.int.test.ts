import { PrismaPg } from '@prisma/adapter-pg';
import { createTestDatabase, type TestDatabase } from '@souk/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrations } from '../generated/migrations.ts';
import { PrismaClient } from '../generated/prisma/client.ts';
import { listUsers } from './prisma-user-repository.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());

it('looks for a part of a name or an e-mail address in indexes, never in all accounts', async () => {
  const prisma = new PrismaClient({
    adapter: new PrismaPg(database.pool),
    log: [{ emit: 'event', level: 'query' }],
  });
  const asked: { query: string; params: string }[] = [];
  prisma.$on('query', (event) => asked.push(event));
  await listUsers(prisma, { q: 'lovelace', after: undefined, limit: 20 });
  await prisma.$disconnect();
  const searches = asked.filter(({ query }) => query.includes('ILIKE'));
  expect(searches).toHaveLength(2);
  const client = await database.pool.connect();
  // Of a few accounts PostgreSQL reads all, whatever there is; of many it asks what it may ask here.
  await client.query('SET enable_seqscan = off; SET enable_indexscan = off; SET enable_indexonlyscan = off');
  for (const { query, params } of searches) {
    const { rows } = await client.query(`EXPLAIN ${query}`, JSON.parse(params));
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/Bitmap Index Scan on users_email_search/);
    expect(plan).toMatch(/Bitmap Index Scan on users_name_search/);
    expect(plan).not.toContain('Seq Scan');
  }
  client.release(true);
});

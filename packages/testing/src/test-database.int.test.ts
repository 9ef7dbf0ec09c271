import { createHash } from 'node:crypto';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionLeakError, createTestDatabase, type TestDatabase } from './test-database.ts';
import { testAmqpUrl, testPostgresUrl, testRedisUrl } from './test-servers.ts';

let database: TestDatabase | undefined;
afterEach(async () => {
  await database?.drop();
  database = undefined;
});

describe('the servers of a test run', () => {
  it('have URLs', () => {
    expect(testPostgresUrl()).toMatch(/^postgresql:/);
    expect(testAmqpUrl()).toMatch(/^amqp:/);
    expect(testRedisUrl()).toMatch(/^redis:/);
  });
});

describe('a test database', () => {
  it('lets the application user write rows but not change the schema', async () => {
    const sql = 'CREATE TABLE things (id integer PRIMARY KEY)';
    const checksum = createHash('sha256').update(sql).digest('hex');
    database = await createTestDatabase([{ name: '20260101000000_create_things', sql, checksum }]);
    await database.pool.query('INSERT INTO things VALUES (1)');
    expect((await database.ownerPool.query('SELECT id FROM things')).rows).toEqual([{ id: 1 }]);
    await expect(database.pool.query('DROP TABLE things')).rejects.toThrow(/must be owner/);
    await expect(database.pool.query('CREATE TABLE others ()')).rejects.toThrow(/permission denied/);
  });

  it('reports whoever is still connected when it is dropped', async () => {
    const leaking = await createTestDatabase();
    const client = new pg.Client({ connectionString: leaking.appUrl, application_name: 'forgotten' });
    client.on('error', () => {});
    await client.connect();
    await expect(leaking.drop()).rejects.toThrow(ConnectionLeakError);
    await client.end().catch(() => {});
  });

  it('is gone after it was dropped', async () => {
    const dropped = await createTestDatabase();
    await dropped.drop();
    const client = new pg.Client({ connectionString: dropped.appUrl });
    await expect(client.connect()).rejects.toThrow();
  });
});

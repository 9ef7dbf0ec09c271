import { createHash, randomBytes } from 'node:crypto';
import { createTestDatabase, silentLogger, type TestDatabase, testPostgresUrl } from '@souk/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Migration, migrate } from './migrate.ts';
import { assertSchemaIsCurrent } from './schema-version.ts';

const logger = silentLogger();

function aMigration(name: string, sql: string): Migration {
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

const create = aMigration(
  '20260101000000_create_things',
  'CREATE TABLE things (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL); CREATE INDEX things_name ON things (name);',
);
const extend = aMigration(
  '20260102000000_add_color',
  "ALTER TABLE things ADD COLUMN color text NOT NULL DEFAULT 'red'",
);

describe('migrate', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  const run = (migrations: readonly Migration[]) =>
    migrate({ ownerUrl: database.ownerUrl, appUrl: database.appUrl, migrations, logger });

  it('applies what is missing, in the order of names, and nothing twice', async () => {
    expect(await run([create])).toEqual({ applied: [create.name] });
    expect(await run([extend, create])).toEqual({ applied: [extend.name] });
    expect(await run([create, extend])).toEqual({ applied: [] });
    const { rows } = await database.ownerPool.query(
      'SELECT migration_name, checksum, finished_at IS NOT NULL AS finished, applied_steps_count FROM _prisma_migrations ORDER BY 1',
    );
    expect(rows).toEqual(
      [create, extend].map(({ checksum, name }) => ({
        migration_name: name,
        checksum,
        finished: true,
        applied_steps_count: 1,
      })),
    );
  });

  it('lets several processes migrate at once', async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => run([create, extend])));
    expect(results.flatMap(({ applied }) => applied).sort()).toEqual([create.name, extend.name]);
  });

  it('leaves nothing of a migration that fails, and names it', async () => {
    const bad = aMigration('20260103000000_break', 'CREATE TABLE half (); SELECT 1/0;');
    await expect(run([create, bad])).rejects.toThrow(
      'Migration 20260103000000_break failed and left nothing: division by zero',
    );
    const { rows } = await database.ownerPool.query(
      `SELECT to_regclass('half') AS half, to_regclass('things')::text AS things`,
    );
    expect(rows).toEqual([{ half: null, things: 'things' }]);
    const repaired = aMigration(bad.name, 'CREATE TABLE half ()');
    expect(await run([create, repaired])).toEqual({ applied: [bad.name] });
  });

  it('refuses a migration that was changed after it had been applied', async () => {
    await run([create]);
    await expect(run([aMigration(create.name, 'CREATE TABLE other ()')])).rejects.toThrow(
      `Migration ${create.name} was changed after it had been applied`,
    );
  });

  it('runs what cannot run in a transaction, and refuses to go on after it failed', async () => {
    await run([create]);
    const concurrently = aMigration(
      '20260104000000_index_things',
      '-- no transaction\nCREATE UNIQUE INDEX CONCURRENTLY things_name_unique ON things (name)',
    );
    await database.ownerPool.query(`INSERT INTO things (name) VALUES ('a'), ('a')`);
    await expect(run([create, concurrently])).rejects.toThrow(
      '20260104000000_index_things failed: could not create unique index',
    );
    await expect(run([create, concurrently])).rejects.toThrow('failed before and may be half applied');
    await database.ownerPool.query('DROP INDEX things_name_unique; DELETE FROM things');
    await database.ownerPool.query('UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL');
    expect(await run([create, concurrently])).toEqual({ applied: [concurrently.name] });
  });

  it('grants the service rows and no schema, also of later tables', async () => {
    await run([create]);
    await database.pool.query(`INSERT INTO things (name) VALUES ('a')`);
    await run([create, aMigration('20260105000000_more', 'CREATE TABLE more (id integer)')]);
    await database.ownerPool.query('CREATE TABLE by_hand (id integer)');
    await database.pool.query('INSERT INTO more VALUES (1); UPDATE by_hand SET id = 2; DELETE FROM more');
    const denied = [
      'CREATE TABLE mine (id integer)',
      'ALTER TABLE things ADD COLUMN evil text',
      'DROP TABLE things',
      'TRUNCATE things',
      'CREATE TEMPORARY TABLE mine (id integer)',
      `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('a', 'b', 'c')`,
      'CREATE SCHEMA mine',
    ];
    for (const sql of denied)
      await expect(database.pool.query(sql), sql).rejects.toThrow(/permission denied|must be owner/);
  });

  it('tells whether the schema is older than a build needs', async () => {
    await expect(assertSchemaIsCurrent(database.pool, [create])).rejects.toThrow('older than this build needs');
    await run([create]);
    await assertSchemaIsCurrent(database.pool, [create]);
    await expect(assertSchemaIsCurrent(database.pool, [create, extend])).rejects.toThrow(extend.name);
    await run([create, extend]);
    await assertSchemaIsCurrent(database.pool, [create]);
  });

  it('refuses two different databases', async () => {
    const appUrl = database.appUrl.replace(/[^/]*$/, 'other');
    await expect(migrate({ ownerUrl: database.ownerUrl, appUrl, migrations: [], logger })).rejects.toThrow(
      'to name one database',
    );
  });
});

describe('migrate as an administrator', () => {
  it('creates the database and the service’s user, and gives the user the password of its URL', async () => {
    const name = `test_${randomBytes(6).toString('hex')}`;
    const url = (user: string, password: string) => {
      const made = new URL(testPostgresUrl());
      made.pathname = `/${name}`;
      if (user !== '') {
        made.username = user;
        made.password = encodeURIComponent(password);
      }
      return made.href;
    };
    const administrator = new pg.Client({ connectionString: testPostgresUrl() });
    await administrator.connect();
    try {
      for (const password of ['first password', "second ' pass%word"]) {
        const appUrl = url(`${name}_app`, password);
        await Promise.all([1, 2].map(() => migrate({ ownerUrl: url('', ''), appUrl, migrations: [create], logger })));
        const client = new pg.Client({ connectionString: appUrl });
        await client.connect();
        await client.query(`INSERT INTO things (name) VALUES ('a')`);
        await expect(client.query('CREATE TABLE mine ()')).rejects.toThrow('permission denied');
        expect((await client.query('SHOW server_encoding')).rows).toEqual([{ server_encoding: 'UTF8' }]);
        await client.end();
      }
    } finally {
      await administrator.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await administrator.query(`DROP ROLE IF EXISTS ${name}_app`);
      await administrator.end();
    }
  });
});

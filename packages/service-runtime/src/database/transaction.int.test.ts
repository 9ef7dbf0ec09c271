import { createHash } from 'node:crypto';
import { createTestDatabase, silentLogger, type TestDatabase } from '@souk/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { classifyDatabaseError } from './database-errors.ts';
import { createPool, type Pool } from './pool.ts';
import { transaction } from './transaction.ts';

const sql = `CREATE TABLE counters (id integer PRIMARY KEY, value integer NOT NULL CHECK (value >= 0));
  CREATE TABLE entries (counter integer NOT NULL REFERENCES counters, uid uuid);`;
const migrations = [{ name: '20260101000000_create', sql, checksum: createHash('sha256').update(sql).digest('hex') }];

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase(migrations);
  pool = createPool({ url: database.appUrl, max: 6, applicationName: 'transaction test', logger: silentLogger() });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query('DELETE FROM entries');
  await pool.query('DELETE FROM counters');
  await pool.query('INSERT INTO counters SELECT id, 0 FROM generate_series(1, 10) AS id');
});

const increment = 'UPDATE counters SET value = value + 1 WHERE id = $1';

async function kindOf(work: Promise<unknown>) {
  return await work.then(
    () => 'none',
    (error: unknown) => classifyDatabaseError(error),
  );
}

/** The first `parties` callers wait for each other; later ones pass. */
function createMeeting(parties: number): () => Promise<void> {
  let arrived = 0;
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return async () => {
    arrived += 1;
    if (arrived >= parties) open();
    await opened;
  };
}

describe('a transaction', () => {
  it('commits or leaves nothing', async () => {
    await transaction(pool, (tx) => tx.query(increment, [1]));
    await expect(
      transaction(pool, async (tx) => {
        await tx.query(increment, [1]);
        throw new RangeError('no');
      }),
    ).rejects.toThrow(RangeError);
    expect((await pool.query('SELECT value FROM counters WHERE id = 1')).rows).toEqual([{ value: 1 }]);
  });

  it('is repeated after a deadlock', async () => {
    const bothHold = createMeeting(2);
    const incrementBoth = (ids: number[]) => {
      let tries = 0;
      return transaction(pool, async (tx) => {
        tries += 1;
        await tx.query(increment, [ids[0]]);
        await bothHold();
        await tx.query(increment, [ids[1]]);
        return tries;
      });
    };
    const tries = await Promise.all([incrementBoth([1, 2]), incrementBoth([2, 1])]);
    expect(tries.sort()).toEqual([1, 2]);
    const { rows } = await pool.query('SELECT value FROM counters WHERE id <= 2');
    expect(rows).toEqual([{ value: 2 }, { value: 2 }]);
  });

  it('is repeated after a serialization failure', async () => {
    await Promise.all(
      Array.from({ length: 5 }, () =>
        transaction(
          pool,
          async (tx) => {
            const { rows } = await tx.query<{ value: number }>('SELECT value FROM counters WHERE id = 4');
            await tx.query('UPDATE counters SET value = $1 WHERE id = 4', [(rows[0]?.value ?? 0) + 1]);
          },
          { isolation: 'serializable', retriesMax: 50 },
        ),
      ),
    );
    expect((await pool.query('SELECT value FROM counters WHERE id = 4')).rows).toEqual([{ value: 5 }]);
  });

  it('does not notice that every idle connection was lost', async () => {
    await Promise.all(Array.from({ length: 6 }, () => pool.query('SELECT pg_sleep(0.05)')));
    await database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()`,
    );
    await Promise.all(
      Array.from({ length: 6 }, (_, index) => transaction(pool, (tx) => tx.query(increment, [index + 1]))),
    );
  });

  it('fails as transient, and nothing else happens, when its connection is lost between two statements', async () => {
    const kind = await kindOf(
      transaction(pool, async (tx) => {
        const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await database.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
        await new Promise((resolve) => setTimeout(resolve, 100));
        await tx.query(increment, [1]);
      }),
    );
    expect(kind).toMatchObject({ kind: 'transient' });
    expect((await pool.query('SELECT value FROM counters WHERE id = 1')).rows).toEqual([{ value: 0 }]);
  });

  it('gives back every connection, also after errors', async () => {
    for (let index = 0; index < 20; index += 1) {
      await transaction(pool, (tx) => tx.query('SELECT 1/0')).catch(() => undefined);
    }
    expect(pool.totalCount - pool.idleCount).toBe(0);
    expect(pool.waitingCount).toBe(0);
  });
});

describe('the pool', () => {
  it('ends a statement after two seconds and a wait for a lock after one', async () => {
    const startedAt = Date.now();
    expect(await kindOf(pool.query('SELECT pg_sleep(10)'))).toMatchObject({
      kind: 'transient',
      code: '57014',
      timeout: true,
    });
    // By the server, not by the client, whose own patience is another code and comes later; the sleep would be ten seconds.
    expect(Date.now() - startedAt).toBeLessThan(9_000);
    const blocker = await pool.connect();
    await blocker.query('BEGIN; UPDATE counters SET value = 1 WHERE id = 9');
    expect(await kindOf(pool.query(increment, [9]))).toMatchObject({ kind: 'transient', code: '55P03', timeout: true });
    await blocker.query('ROLLBACK');
    blocker.release();
  });

  it('lets nobody wait for a connection for ever', async () => {
    const busy = await Promise.all(Array.from({ length: 6 }, () => pool.connect()));
    const startedAt = Date.now();
    expect(await kindOf(pool.query('SELECT 1'))).toMatchObject({ kind: 'transient' });
    expect(Date.now() - startedAt).toBeLessThan(12_000);
    for (const client of busy) client.release();
  });

  it('gives what the database refuses a class and the constraint’s name', async () => {
    expect(await kindOf(pool.query('INSERT INTO counters VALUES (1, 0)'))).toMatchObject({
      kind: 'unique',
      constraint: 'counters_pkey',
    });
    expect(await kindOf(pool.query('UPDATE counters SET value = -1'))).toMatchObject({
      kind: 'check',
      constraint: 'counters_value_check',
    });
    expect(await kindOf(pool.query('INSERT INTO entries VALUES (99)'))).toMatchObject({
      kind: 'foreign-key',
      constraint: 'entries_counter_fkey',
    });
    expect(await kindOf(pool.query('SELECT * FROM entries WHERE uid = $1', ['x']))).toMatchObject({
      kind: 'invalid-text',
    });
    expect(await kindOf(pool.query('SELECT $1::text', ['\0']))).toMatchObject({ kind: 'invalid-text' });
    expect(await kindOf(pool.query('SELECT nonsense'))).toMatchObject({ kind: 'other', code: '42703' });
  });
});

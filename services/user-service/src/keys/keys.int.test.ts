import { createSealer } from '@souk/http';
import { createMetrics, newId } from '@souk/service-runtime';
import { createTestDatabase, silentLogger, type TestDatabase } from '@souk/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ShiftableClock, shiftableClock } from '../../test/user-service-under-test.ts';
import { migrations } from '../generated/migrations.ts';
import { createKeyRing } from './key-ring.ts';
import { rotationTimes } from './signing-key.ts';

const ROTATION_MS = 86_400_000;
const TIMES = rotationTimes(ROTATION_MS, 600_000);
let database: TestDatabase;
let clock: ShiftableClock;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());
beforeEach(async () => {
  clock = shiftableClock();
  await database.pool.query('DELETE FROM signing_keys');
});

function aReplica(secret = 'the-secret-of-these-tests-has-32-bytes') {
  return createKeyRing({
    pool: database.pool,
    sealer: createSealer({ secret, purpose: 'signing-keys' }),
    times: TIMES,
    clock,
    newId,
    logger: silentLogger(),
    metrics: createMetrics({ service: 'test', processMetrics: false }),
  });
}
const kidsOf = async (replica: ReturnType<typeof aReplica>) => (await replica.jwks()).keys.map((key) => key.kid);

describe('signing keys of several replicas', () => {
  it('are one key on a first start at the same time', async () => {
    const replicas = Array.from({ length: 5 }, () => aReplica());
    const keys = await Promise.all(replicas.map((replica) => replica.current()));
    expect(new Set(keys.map((key) => key.kid)).size).toBe(1);
  });

  it('publish only the public part and keep the private one sealed', async () => {
    const { keys } = await aReplica().jwks();
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const { rows } = await database.pool.query('SELECT signing_keys::text AS all FROM signing_keys');
    expect(rows[0].all).not.toContain('"d"');
  });

  it('rotate with overlap: published before they sign, and until their last token has expired', async () => {
    const [one, two] = [aReplica(), aReplica()];
    // An unknown kid makes a replica look, as its sweep does every few seconds.
    const look = () => Promise.all([one.find('unknown'), two.find('unknown')]);
    const old = await one.current();
    expect((await two.current()).kid).toBe(old.kid);
    clock.advance(ROTATION_MS - TIMES.publishLeadMs + 1_000);
    await look();
    clock.advance(1_000);
    await look();
    const both = await kidsOf(one);
    expect(both).toHaveLength(2);
    expect(await kidsOf(two)).toEqual(both);
    expect((await one.current()).kid).toBe(old.kid);
    clock.advance(TIMES.publishLeadMs + 1_000);
    const next = await one.current();
    expect(next.kid).toBe(both[1]);
    expect((await two.current()).kid).toBe(next.kid);
    expect(await kidsOf(one)).toEqual(both);
    expect(await two.find(old.kid)).toMatchObject({ alg: 'ES256' });
    clock.advance(TIMES.verifyTailMs);
    expect(await kidsOf(one)).toEqual([next.kid]);
    await look();
    expect(await two.find(old.kid)).toBeUndefined();
  });

  it('survive a change of the secret: the old key still verifies, a new one signs', async () => {
    const old = await aReplica().current();
    const changed = aReplica('another-secret-that-has-32-bytes-too');
    const next = await changed.current();
    expect(next.kid).not.toBe(old.kid);
    expect(await kidsOf(changed)).toEqual([old.kid, next.kid]);
    expect(await changed.find(old.kid)).toBeDefined();
  });

  it.each([['../../dev/null'], ["' OR 1=1--"], ['x'.repeat(10_000)], [''], ['__proto__']])(
    'know no key %j',
    async (kid) => {
      expect(await aReplica().find(kid)).toBeUndefined();
    },
  );

  it('find a key that another replica has just made', async () => {
    const one = aReplica();
    await one.jwks();
    await database.pool.query('DELETE FROM signing_keys');
    const made = await aReplica().current();
    expect(await one.find(made.kid)).toBeDefined();
  });
});

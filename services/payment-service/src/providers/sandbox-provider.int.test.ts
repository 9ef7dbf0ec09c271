import { newId } from '@souk/service-runtime';
import { createTestDatabase, waitFor } from '@souk/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeProvider, PATIENCE_MS } from '../../test/provider-conformance.ts';
import { migrations } from '../generated/migrations.ts';
import { listLedger } from './sandbox-ledger.ts';
import { createSandboxProvider } from './sandbox-provider.ts';

describeProvider('the sandbox', async () => {
  const database = await createTestDatabase(migrations);
  return {
    provider: createSandboxProvider({ pool: database.pool, newId }),
    methods: {
      captures: 'tok_ok',
      declines: 'tok_declined',
      insufficient: 'tok_insufficient_funds',
      unknown: 'tok_nobody',
      silentOnce: 'tok_timeout',
      failsOnce: 'tok_flaky',
    },
    moved: async (orderId) =>
      (await listLedger(database.pool, orderId)).map(({ kind, amount }) => (kind === 'charge' ? amount : -amount)),
    stop: () => database.drop(),
  };
});

let database: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());

test('tok_slow answers after three seconds, a repeat at once', async () => {
  const provider = createSandboxProvider({ pool: database.pool, newId });
  const request = {
    key: newId(),
    orderId: newId(),
    amount: { amount: 5, currency: 'EUR' },
    paymentMethod: 'tok_slow',
    firstTriedAt: new Date(),
    signal: AbortSignal.timeout(PATIENCE_MS),
  };
  const startedAt = Date.now();
  const answers: string[] = [];
  const slow = provider.charge(request).finally(() => answers.push('slow'));
  await waitFor(async () => (await listLedger(database.pool, request.orderId)).length === 1);
  expect(await provider.charge(request).finally(() => answers.push('repeat'))).toMatchObject({ kind: 'captured' });
  expect(await slow).toMatchObject({ kind: 'captured' });
  expect(answers).toEqual(['repeat', 'slow']);
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(2_990);
});

test('charges that come together share statements', async () => {
  let statements = 0;
  const counting = new Proxy(database.pool, {
    get(pool, property) {
      if (property === 'query') statements += 1;
      const value: unknown = Reflect.get(pool, property);
      return typeof value === 'function' ? value.bind(pool) : value;
    },
  });
  const provider = createSandboxProvider({ pool: counting, newId });
  const charges = Array.from({ length: 50 }, () =>
    provider.charge({
      key: newId(),
      orderId: newId(),
      amount: { amount: 5, currency: 'EUR' },
      paymentMethod: 'tok_ok',
      firstTriedAt: new Date(),
      signal: AbortSignal.timeout(PATIENCE_MS),
    }),
  );
  expect((await Promise.all(charges)).every(({ kind }) => kind === 'captured')).toBe(true);
  expect(statements).toBe(1);
});

import { join } from 'node:path';
import { newId } from '@souk/service-runtime';
import { silentLogger } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findStripeMock, type StripeMock, startStripeMock } from '../../test/stripe-mock.ts';
import { createStripeClient } from './stripe-client.ts';
import { createStripeProvider } from './stripe-provider.ts';

const binary = findStripeMock(join(import.meta.dirname, '../../node_modules/.cache/souk'));

/** stripe-mock keeps no state and answers from fixtures: what it tells is whether Stripe would understand us. */
describe.skipIf(binary === undefined)("Stripe's own mock", () => {
  let mock: StripeMock;
  beforeAll(async () => {
    mock = await startStripeMock(binary ?? '');
  }, 20_000);
  afterAll(() => mock.stop());

  const provider = ({ now = () => new Date(), logger = silentLogger() } = {}) =>
    createStripeProvider({
      stripe: createStripeClient({ apiKey: 'sk_test_123', apiBase: mock.url, timeoutMs: 15_000 }),
      logger,
      now,
    });
  const aCharge = (paymentMethod: string) => ({
    key: newId(),
    orderId: newId(),
    amount: { amount: 1999, currency: 'EUR' },
    paymentMethod,
    firstTriedAt: new Date(),
    signal: AbortSignal.timeout(15_000),
  });

  test.each(['tok_visa', 'pm_card_visa'])('understands the charge of %s', async (paymentMethod) => {
    // Its fixture is an intent that waits for a method. A request that breaks the document is 400, which is logged.
    const errors: unknown[] = [];
    const logger = Object.assign(silentLogger(), { error: (line: unknown) => errors.push(line) });
    const outcome = await provider({ logger }).charge(aCharge(paymentMethod));
    expect(errors).toEqual([]);
    expect(outcome).toEqual({ kind: 'declined', failureCode: 'declined' });
  });

  test('understands the search for a charge whose key is forgotten', async () => {
    const now = () => new Date(Date.now() + 25 * 3_600_000);
    expect((await provider({ now }).charge(aCharge('tok_visa'))).kind).toBe('declined');
  });

  test('understands a refund', async () => {
    const refund = await provider().refund({
      key: newId(),
      orderId: newId(),
      chargeReference: 'pi_123',
      requestedAt: new Date(),
      amount: { amount: 500, currency: 'EUR' },
      signal: AbortSignal.timeout(15_000),
    });
    expect(refund.kind).toBe('succeeded');
  });
});

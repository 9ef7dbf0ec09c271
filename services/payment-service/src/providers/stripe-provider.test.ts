import { newId } from '@souk/service-runtime';
import { silentLogger } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeProvider, PATIENCE_MS } from '../../test/provider-conformance.ts';
import { STUB_METHODS, type StripeStub, startStripeStub } from '../../test/stripe-stub.ts';
import { ProviderMisuseError, ProviderUnavailableError } from '../payments/payment-provider.ts';
import { createStripeClient } from './stripe-client.ts';
import { createStripeProvider, outcomeOfIntent } from './stripe-provider.ts';

const logger = silentLogger();
const providerOf = (url: string, now = () => new Date()) =>
  createStripeProvider({
    stripe: createStripeClient({ apiKey: 'sk_test_1', apiBase: url, timeoutMs: PATIENCE_MS }),
    logger,
    now,
  });

describeProvider('Stripe', async () => {
  const stub = await startStripeStub();
  return {
    provider: providerOf(stub.url),
    methods: STUB_METHODS,
    moved: async (orderId) => {
      const intents = [...stub.intents.values()].filter(
        (i) => i.metadata.order_id === orderId && i.amount_received > 0,
      );
      const refunds = stub.refunds.filter((refund) => intents.some(({ id }) => id === refund.payment_intent));
      return [...intents.map((intent) => intent.amount_received), ...refunds.map((refund) => -refund.amount)];
    },
    stop: () => stub.stop(),
  };
});

let stub: StripeStub;
beforeAll(async () => {
  stub = await startStripeStub();
});
afterAll(() => stub.stop());

const aCharge = (overrides: object = {}) => ({
  key: newId(),
  orderId: newId(),
  amount: { amount: 1999, currency: 'EUR' },
  paymentMethod: 'tok_visa',
  firstTriedAt: new Date(),
  signal: AbortSignal.timeout(PATIENCE_MS),
  ...overrides,
});

test('a charge whose key Stripe has forgotten is found by its metadata, not made again', async () => {
  const request = aCharge();
  const first = await providerOf(stub.url).charge(request);
  stub.forgetKeys();
  const tomorrow = () => new Date(Date.now() + 25 * 3_600_000);
  expect(await providerOf(stub.url, tomorrow).charge(request)).toEqual(first);
  expect([...stub.intents.values()].filter(({ metadata }) => metadata.payment_id === request.key)).toHaveLength(1);
});

describe('a refund whose key Stripe has forgotten', () => {
  const tomorrow = () => new Date(Date.now() + 25 * 3_600_000);
  const aRefundOf = async (amount: number) => {
    const charge = await providerOf(stub.url).charge(aCharge());
    if (charge.kind !== 'captured') return expect.fail('not captured');
    return {
      key: newId(),
      orderId: newId(),
      chargeReference: charge.reference,
      amount: { amount, currency: 'EUR' },
      requestedAt: new Date(),
      signal: AbortSignal.timeout(PATIENCE_MS),
    };
  };
  const madeOf = ({ chargeReference }: { chargeReference: string }) =>
    stub.refunds.filter((refund) => refund.payment_intent === chargeReference);

  test('is found among those of its charge, not made again', async () => {
    const request = await aRefundOf(500);
    const first = await providerOf(stub.url).refund(request);
    stub.forgetKeys();
    expect(await providerOf(stub.url, tomorrow).refund(request)).toEqual(first);
    expect(madeOf(request)).toHaveLength(1);
  });

  test('and that is still on its way stays unknown, and is not made again', async () => {
    const request = await aRefundOf(500);
    await providerOf(stub.url).refund(request);
    for (const made of madeOf(request)) made.status = 'pending';
    stub.forgetKeys();
    await expect(providerOf(stub.url, tomorrow).refund(request)).rejects.toThrow(ProviderUnavailableError);
    expect(madeOf(request)).toHaveLength(1);
  });

  test('and that failed is made anew, for the money never went', async () => {
    const request = await aRefundOf(500);
    await providerOf(stub.url).refund(request);
    for (const made of madeOf(request)) made.status = 'failed';
    stub.forgetKeys();
    expect(await providerOf(stub.url, tomorrow).refund(request)).toMatchObject({ kind: 'succeeded' });
    expect(madeOf(request).map(({ status }) => status)).toEqual(['failed', 'succeeded']);
  });
});

test('a wrong amount is told as it is', async () => {
  stub.captureInstead = 19;
  const outcome = await providerOf(stub.url).charge(aCharge());
  stub.captureInstead = undefined;
  expect(outcome).toMatchObject({ kind: 'captured', amount: { amount: 19, currency: 'EUR' } });
});

test('a PaymentMethod is named, a token becomes a card', async () => {
  expect(await providerOf(stub.url).charge(aCharge({ paymentMethod: 'pm_card_visa' }))).toMatchObject({
    kind: 'captured',
  });
});

test('nobody there is unknown, never a decline', async () => {
  await expect(providerOf('http://127.0.0.1:1').charge(aCharge())).rejects.toThrow(ProviderUnavailableError);
});

test('a charge that may go either way is no outcome', () => {
  const intent = { id: 'pi_1', amount_received: 0, currency: 'eur', last_payment_error: null };
  type Intent = Parameters<typeof outcomeOfIntent>[0];
  expect(outcomeOfIntent({ ...intent, status: 'processing' } as Intent)).toBeUndefined();
  expect(outcomeOfIntent({ ...intent, status: 'requires_action' } as Intent)).toMatchObject({ kind: 'declined' });
});

test('errors name neither the token nor the key', async () => {
  const request = aCharge({ paymentMethod: 'tok_visa' });
  await providerOf(stub.url).charge(request);
  const error = await providerOf(stub.url)
    .charge({ ...request, paymentMethod: 'tok_mastercard' })
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ProviderMisuseError);
  expect(String(error)).not.toMatch(/tok_|sk_test/);
});

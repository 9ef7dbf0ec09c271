import { loadSettings, newId, systemClock } from '@souk/service-runtime';
import { silentLogger } from '@souk/testing';
import { expect, test } from 'vitest';
import { settings } from '../config.ts';
import { createProvider } from './provider.ts';

const REQUIRED = {
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
  AMQP_URL: 'amqp://127.0.0.1:1',
  INTERNAL_SECRET: 'a-secret-of-at-least-32-bytes-in-length',
};
const contextWith = (env: Record<string, string>) => {
  const loaded = loadSettings(settings, { ...REQUIRED, ...env });
  if (!loaded.ok) return expect.fail(loaded.problems.join());
  // Creating a provider asks nobody, so that no database is needed.
  return { config: loaded.config, pool: undefined as never, newId, logger: silentLogger(), clock: systemClock };
};

test('the sandbox needs no secret', () => {
  expect(createProvider(contextWith({})).provider.name).toBe('sandbox');
});

test('Stripe without one of its secrets says which', () => {
  expect(() => createProvider(contextWith({ PAYMENT_PROVIDER: 'stripe' }))).toThrow('STRIPE_API_KEY is missing');
  const env = { PAYMENT_PROVIDER: 'stripe', STRIPE_API_KEY: 'sk_test_1' };
  expect(() => createProvider(contextWith(env))).toThrow('STRIPE_WEBHOOK_SECRET is missing');
  expect(createProvider(contextWith({ ...env, STRIPE_WEBHOOK_SECRET: 'whsec_1' })).provider.name).toBe('stripe');
});

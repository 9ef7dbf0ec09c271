import { expect, test } from 'vitest';
import { UsageError } from '../usage-error.ts';
import { findBroker, findStripe } from './find-outside.ts';

test('the broker is found by the settings of the services, or not at all', () => {
  expect(findBroker({})).toBeUndefined();
  expect(findBroker({ AMQP_URL: '' })).toBeUndefined();
  expect(findBroker({ AMQP_URL: 'amqp://b' })).toEqual({
    url: 'amqp://b',
    namePrefix: '',
    retryDelaysMs: [0, 1_000, 5_000, 30_000, 120_000],
  });
  expect(findBroker({ AMQP_URL: 'amqp://b', AMQP_NAME_PREFIX: 'x.', RETRY_DELAYS_MS: '0,100' })).toMatchObject({
    namePrefix: 'x.',
    retryDelaysMs: [0, 100],
  });
});

test('Stripe is asked where it is the provider, and never without a key', () => {
  expect(findStripe({ STRIPE_API_KEY: 'sk' })).toBeUndefined();
  expect(() => findStripe({ PAYMENT_PROVIDER: 'stripe' })).toThrow(UsageError);
  expect(findStripe({ PAYMENT_PROVIDER: 'stripe', STRIPE_API_KEY: 'sk' })).toEqual({
    apiKey: 'sk',
    apiBase: 'https://api.stripe.com',
  });
});

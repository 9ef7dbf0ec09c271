import {
  brokerSettings,
  commonSettings,
  databaseSettings,
  defineSettings,
  enumSetting,
  identitySettings,
  integerSetting,
  portSetting,
  type SettingsOf,
  sagaSettings,
  secretSetting,
  serviceUrlSettings,
  urlSetting,
} from '@souk/service-runtime';

export const settings = defineSettings({
  port: portSetting(3004),
  ...commonSettings,
  ...databaseSettings,
  ...brokerSettings,
  ...identitySettings,
  ...sagaSettings,
  orderServiceUrl: serviceUrlSettings.orderServiceUrl,
  paymentProvider: enumSetting('PAYMENT_PROVIDER', {
    values: ['sandbox', 'stripe'],
    default: 'sandbox',
    description: 'who moves the money: the built-in sandbox, or Stripe',
  }),
  stripeApiKey: secretSetting('STRIPE_API_KEY', {
    default: undefined,
    description: 'secret key of the Stripe account; needed with PAYMENT_PROVIDER=stripe',
  }),
  stripeWebhookSecret: secretSetting('STRIPE_WEBHOOK_SECRET', {
    default: undefined,
    description: 'signing secret of the webhook endpoint at Stripe; needed with PAYMENT_PROVIDER=stripe',
  }),
  stripeApiBase: urlSetting('STRIPE_API_BASE', {
    default: 'https://api.stripe.com',
    description: 'base URL of the Stripe API; another one for tests',
  }),
  providerTimeoutMs: integerSetting('PAYMENT_PROVIDER_TIMEOUT_MS', {
    default: 4_000,
    min: 100,
    max: 60_000,
    unit: 'ms',
    description: 'longest wait for the provider; what is unknown then is asked again by the same key',
  }),
  providerRetryDelayMsMax: integerSetting('PAYMENT_PROVIDER_RETRY_DELAY_MS_MAX', {
    default: 5_000,
    min: 100,
    max: 3_600_000,
    unit: 'ms',
    description:
      'longest pause before an unknown outcome is asked about again, unless 1 % of the time since the first try is longer',
  }),
  leaseMs: integerSetting('PAYMENT_LEASE_MS', {
    default: 3_000,
    min: 100,
    max: 60_000,
    unit: 'ms',
    description: 'time after which the charges of a dead process are taken over; renewed while the provider is asked',
  }),
  pollIntervalMs: integerSetting('PAYMENT_POLL_INTERVAL_MS', {
    default: 500,
    min: 10,
    max: 60_000,
    unit: 'ms',
    description: 'how often due charges and refunds are looked for when nothing wakes the charger',
  }),
});

export type Config = SettingsOf<typeof settings>;

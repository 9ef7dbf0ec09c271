import type { ServiceContext } from '@souk/service-runtime';
import type { Config } from '../config.ts';
import type { PaymentProvider } from '../payments/payment-provider.ts';
import { createSandboxProvider } from './sandbox-provider.ts';
import { createStripeClient, type StripeClient } from './stripe-client.ts';
import { createStripeProvider } from './stripe-provider.ts';

/** PAYMENT_PROVIDER=stripe without the secrets that it needs. */
export class StripeSettingsMissingError extends Error {
  override readonly name = 'StripeSettingsMissingError';
  constructor(variable: string) {
    super(`${variable} is missing: PAYMENT_PROVIDER=stripe needs it`);
  }
}

/** The provider that PAYMENT_PROVIDER names; with Stripe also what its webhooks need. */
export interface ProviderSetup {
  provider: PaymentProvider;
  stripe: { client: StripeClient; webhookSecret: string } | undefined;
}

type ProviderContext = Pick<ServiceContext<Config>, 'config' | 'pool' | 'newId' | 'logger' | 'clock'>;

export function createProvider({ config, pool, newId, logger, clock }: ProviderContext): ProviderSetup {
  if (config.paymentProvider === 'sandbox') {
    return { provider: createSandboxProvider({ pool, newId }), stripe: undefined };
  }
  const { stripeApiKey, stripeWebhookSecret } = config;
  if (stripeApiKey === undefined) throw new StripeSettingsMissingError('STRIPE_API_KEY');
  if (stripeWebhookSecret === undefined) throw new StripeSettingsMissingError('STRIPE_WEBHOOK_SECRET');
  const client = createStripeClient({
    apiKey: stripeApiKey,
    apiBase: config.stripeApiBase,
    timeoutMs: config.providerTimeoutMs,
  });
  return {
    provider: createStripeProvider({ stripe: client, logger, now: () => clock.now() }),
    stripe: { client, webhookSecret: stripeWebhookSecret },
  };
}

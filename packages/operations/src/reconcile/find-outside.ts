import { RETRY_DELAYS_MS_DEFAULT } from '@souk/contracts';
import { UsageError } from '../usage-error.ts';
import type { BrokerAddress } from './shop-broker.ts';

type Env = Readonly<Record<string, string | undefined>>;

const STRIPE_API_BASE = 'https://api.stripe.com';

/** The broker by the settings of the services; undefined where none is named. */
export function findBroker(env: Env): BrokerAddress | undefined {
  const { AMQP_URL, AMQP_NAME_PREFIX = '', RETRY_DELAYS_MS } = env;
  if (AMQP_URL === undefined || AMQP_URL === '') return undefined;
  const retryDelaysMs = RETRY_DELAYS_MS?.split(',').map(Number) ?? RETRY_DELAYS_MS_DEFAULT;
  return { url: AMQP_URL, namePrefix: AMQP_NAME_PREFIX, retryDelaysMs };
}

/** Stripe by the settings of payment-service; undefined where the sandbox is the provider. Throws UsageError. */
export function findStripe(env: Env): { apiKey: string; apiBase: string } | undefined {
  const { PAYMENT_PROVIDER, STRIPE_API_KEY, STRIPE_API_BASE: apiBase = STRIPE_API_BASE } = env;
  if (PAYMENT_PROVIDER !== 'stripe') return undefined;
  if (STRIPE_API_KEY === undefined || STRIPE_API_KEY === '') {
    throw new UsageError('PAYMENT_PROVIDER is stripe: its books are read with STRIPE_API_KEY, which is missing');
  }
  return { apiKey: STRIPE_API_KEY, apiBase };
}

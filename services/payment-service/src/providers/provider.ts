import type { ServiceContext } from '@souk/service-runtime';
import type { Config } from '../config.ts';
import type { PaymentProvider } from '../payments/payment-provider.ts';
import { createSandboxProvider } from './sandbox-provider.ts';

/** The provider that PAYMENT_PROVIDER names. */
export function createProvider({ pool, newId }: ServiceContext<Config>): PaymentProvider {
  return createSandboxProvider({ pool, newId });
}

import Stripe from 'stripe';

export type StripeClient = Stripe;

/** The official client without its own retries (one layer retries: the charger) and without telemetry. */
export function createStripeClient(options: { apiKey: string; apiBase: string; timeoutMs: number }): StripeClient {
  const base = new URL(options.apiBase);
  return new Stripe(options.apiKey, {
    protocol: base.protocol === 'http:' ? 'http' : 'https',
    host: base.hostname,
    port: base.port === '' ? (base.protocol === 'http:' ? 80 : 443) : Number(base.port),
    timeout: options.timeoutMs,
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

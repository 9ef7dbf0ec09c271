import type { Money } from '@souk/contracts';
import type { ChargeOutcome } from './payment.ts';

export interface ChargeRequest {
  /** The idempotency key towards the provider: the payment's id, the same at every try. */
  key: string;
  orderId: string;
  amount: Money;
  paymentMethod: string;
  /** When the provider was asked for the first time; providers forget keys after a while. */
  firstTriedAt: Date;
  /** Aborts at the deadline; what happens to the charge then is unknown. */
  signal: AbortSignal;
}

export interface RefundRequest {
  key: string;
  orderId: string;
  /** What `charge` answered as `reference`. */
  chargeReference: string;
  amount: Money;
  /** When it was promised: the provider was not asked before, and may have forgotten the key of a first try since. */
  requestedAt: Date;
  signal: AbortSignal;
}

export type RefundOutcome = { kind: 'succeeded'; reference: string } | { kind: 'failed'; reference: string | null };

/**
 * A payment provider. Asking again with the same key never moves money twice and answers what happened. A promise that
 * rejects (with `ProviderUnavailableError` where the cause is known) tells nothing: ask again.
 */
export interface PaymentProvider {
  readonly name: 'sandbox' | 'stripe';
  charge(request: ChargeRequest): Promise<ChargeOutcome>;
  refund(request: RefundRequest): Promise<RefundOutcome>;
}

/** The provider gave no answer that settles anything: no connection, a timeout, 5xx, 429, still processing. */
export class ProviderUnavailableError extends Error {
  override readonly name = 'ProviderUnavailableError';
}

/** The provider refuses to serve us at all (bad credentials, a key used for another request): a person must look. */
export class ProviderMisuseError extends Error {
  override readonly name = 'ProviderMisuseError';
}

import type { Logger } from '@souk/service-runtime';
import type { ChargeOutcome } from '../payments/payment.ts';
import { ProviderMisuseError, ProviderUnavailableError } from '../payments/payment-provider.ts';

interface StripeFailure {
  type: string;
  code?: string;
  decline_code?: string;
  param?: string;
  statusCode?: number;
}

function asFailure(error: unknown): StripeFailure | undefined {
  if (!(error instanceof Error) || !('type' in error) || typeof error.type !== 'string') return undefined;
  return error as Error & StripeFailure;
}

/**
 * The answers that mean "no money was taken, and none will be under this key". Their messages quote the token, so only
 * codes are logged.
 */
export function declineOf(error: unknown, logger: Logger): ChargeOutcome | undefined {
  const failure = asFailure(error);
  if (failure?.type === 'StripeCardError') {
    const insufficient = failure.decline_code === 'insufficient_funds' || failure.code === 'insufficient_funds';
    return { kind: 'declined', failureCode: insufficient ? 'insufficient_funds' : 'declined' };
  }
  if (failure?.type !== 'StripeInvalidRequestError' || failure.statusCode !== 400) return undefined;
  if (/^(payment_method|card|token)/.test(failure.param ?? '') || failure.code === 'resource_missing') {
    return { kind: 'declined', failureCode: 'unknown_payment_method' };
  }
  logger.error({ code: failure.code, param: failure.param }, 'Payment provider refused the charge as invalid');
  return { kind: 'declined', failureCode: 'declined' };
}

/** Everything else: unknown, because Stripe may have charged, or a mistake of ours that a person must mend. */
export function toProviderError(error: unknown): Error {
  const failure = asFailure(error);
  if (failure === undefined) return error instanceof Error ? error : new ProviderUnavailableError('No answer');
  switch (failure.type) {
    case 'StripeAuthenticationError':
    case 'StripePermissionError':
    case 'StripeIdempotencyError':
      return new ProviderMisuseError(`The provider refused us: ${failure.type} ${failure.code ?? ''}`.trimEnd());
    default:
      return new ProviderUnavailableError(
        `The provider gave no answer that settles anything: ${failure.statusCode ?? failure.type}`,
      );
  }
}

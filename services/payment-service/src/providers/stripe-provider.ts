import type { Logger } from '@souk/service-runtime';
import type { Stripe } from 'stripe';
import type { ChargeOutcome } from '../payments/payment.ts';
import {
  type ChargeRequest,
  type PaymentProvider,
  ProviderUnavailableError,
  type RefundOutcome,
  type RefundRequest,
} from '../payments/payment-provider.ts';
import type { StripeClient } from './stripe-client.ts';
import { declineOf, toProviderError } from './stripe-errors.ts';

/**
 * Stripe forgets idempotency keys after 24 hours at the earliest. A charge first tried longer ago is looked for by its
 * metadata before it is made again (their search lags by about a minute, so it is no substitute for the key before). So is
 * a refund: one that takes days, as some do, would be made a second time by its next try.
 */
const KEYS_KNOWN_FOR_MS = 23 * 60 * 60 * 1_000;

/** Anti-corruption layer towards Stripe: one PaymentIntent a payment, confirmed at once, never off to another page. */
export function createStripeProvider(options: {
  stripe: StripeClient;
  logger: Logger;
  now: () => Date;
}): PaymentProvider {
  const { stripe, logger } = options;
  return {
    name: 'stripe',
    charge: (request) =>
      answered(request.signal, async () => {
        const known = await findForgotten(stripe, request, options.now());
        const outcome = known ?? (await createIntent(stripe, request, logger));
        return 'kind' in outcome ? outcome : await toOutcome(stripe, outcome);
      }),
    refund: (request) => answered(request.signal, () => refund(stripe, request, options.now())),
  };
}

/** Stripe's client takes no signal: the answer of a call that goes on beyond the deadline is not waited for. */
async function answered<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  let stopWaiting = () => {};
  const deadline = new Promise<never>((_resolve, reject) => {
    const giveUp = () => reject(new ProviderUnavailableError('The provider did not answer in time'));
    stopWaiting = () => signal.removeEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([ask(), deadline]);
  } catch (error) {
    throw toProviderError(error);
  } finally {
    stopWaiting();
  }
}

async function findForgotten(
  stripe: StripeClient,
  { key, firstTriedAt }: ChargeRequest,
  now: Date,
): Promise<Stripe.PaymentIntent | undefined> {
  if (now.getTime() - firstTriedAt.getTime() < KEYS_KNOWN_FOR_MS) return undefined;
  const found = await stripe.paymentIntents.search({ query: `metadata['payment_id']:'${key}'`, limit: 1 });
  return found.data[0];
}

async function createIntent(
  stripe: StripeClient,
  request: ChargeRequest,
  logger: Logger,
): Promise<Stripe.PaymentIntent | ChargeOutcome> {
  const { amount } = request;
  try {
    const paymentMethod = await methodOf(stripe, request);
    return await stripe.paymentIntents.create(
      {
        amount: amount.amount,
        currency: amount.currency.toLowerCase(),
        confirm: true,
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
        metadata: { payment_id: request.key, order_id: request.orderId },
        payment_method: paymentMethod,
      },
      { idempotencyKey: request.key },
    );
  } catch (error) {
    const decline = declineOf(error, logger);
    if (decline === undefined) throw error;
    return decline;
  }
}

/**
 * A token of Stripe.js (`tok_`) is turned into a PaymentMethod, under a key of its own because a token can be used once;
 * a PaymentMethod (`pm_`) is named as it is.
 */
async function methodOf(stripe: StripeClient, { key, paymentMethod }: ChargeRequest): Promise<string> {
  if (!paymentMethod.startsWith('tok_')) return paymentMethod;
  const method = await stripe.paymentMethods.create(
    { type: 'card', card: { token: paymentMethod } },
    { idempotencyKey: `method:${key}` },
  );
  return method.id;
}

async function toOutcome(stripe: StripeClient, intent: Stripe.PaymentIntent): Promise<ChargeOutcome> {
  // The answer to a key is kept as it was given first: only a fresh look tells how it went on.
  const fresh = intent.status === 'succeeded' ? intent : await stripe.paymentIntents.retrieve(intent.id);
  const outcome = outcomeOfIntent(fresh);
  if (outcome === undefined) throw new ProviderUnavailableError('The provider is still processing the charge');
  // A customer who would have to confirm it is not here: nobody may confirm it later.
  if (fresh.status === 'requires_action' || fresh.status === 'requires_confirmation') {
    await stripe.paymentIntents.cancel(fresh.id);
  }
  return outcome;
}

/** What a PaymentIntent says; undefined while it may still go either way. */
export function outcomeOfIntent(intent: Stripe.PaymentIntent): ChargeOutcome | undefined {
  switch (intent.status) {
    case 'succeeded':
      return {
        kind: 'captured',
        amount: { amount: intent.amount_received, currency: intent.currency.toUpperCase() },
        reference: intent.id,
      };
    case 'processing':
    case 'requires_capture':
      return undefined;
    default: {
      const insufficient = intent.last_payment_error?.decline_code === 'insufficient_funds';
      return { kind: 'declined', failureCode: insufficient ? 'insufficient_funds' : 'declined' };
    }
  }
}

async function refund(stripe: StripeClient, request: RefundRequest, now: Date): Promise<RefundOutcome> {
  const known = await findForgottenRefund(stripe, request, now);
  const answer = known ?? (await createRefund(stripe, request));
  if (answer === undefined) return { kind: 'failed', reference: null };
  const fresh = answer.status === 'succeeded' ? answer : await stripe.refunds.retrieve(answer.id);
  if (fresh.status === 'succeeded') return { kind: 'succeeded', reference: fresh.id };
  if (fresh.status === 'failed' || fresh.status === 'canceled') return { kind: 'failed', reference: fresh.id };
  throw new ProviderUnavailableError('The provider is still processing the refund');
}

/** The list of a charge's refunds is complete at once. One that failed moved nothing, and a new try is due. */
async function findForgottenRefund(
  stripe: StripeClient,
  { key, chargeReference, requestedAt }: RefundRequest,
  now: Date,
): Promise<Stripe.Refund | undefined> {
  if (now.getTime() - requestedAt.getTime() < KEYS_KNOWN_FOR_MS) return undefined;
  for await (const made of stripe.refunds.list({ payment_intent: chargeReference, limit: 100 })) {
    if (made.metadata?.refund_key === key && made.status !== 'failed' && made.status !== 'canceled') return made;
  }
  return undefined;
}

/** Undefined where there is nothing left to refund, or no such charge: an answer, and a final one. */
async function createRefund(stripe: StripeClient, request: RefundRequest): Promise<Stripe.Refund | undefined> {
  return await stripe.refunds
    .create(
      {
        payment_intent: request.chargeReference,
        amount: request.amount.amount,
        metadata: { refund_key: request.key, order_id: request.orderId },
      },
      { idempotencyKey: request.key },
    )
    .catch((error: unknown) => {
      if (isRefused(error)) return undefined;
      throw error;
    });
}

function isRefused(error: unknown): boolean {
  const { type, statusCode } = error as { type?: string; statusCode?: number };
  return type === 'StripeInvalidRequestError' && (statusCode === 400 || statusCode === 404);
}

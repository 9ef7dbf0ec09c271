import Stripe from 'stripe';

/** A charge that succeeded, as the provider remembers it. */
export interface BookedCharge {
  reference: string;
  /** Undefined for charges of this account that no shop of ours has made. */
  paymentId: string | undefined;
  orderId: string | undefined;
  amount: number;
  currency: string;
  at: Date;
}

export interface BookedRefund {
  reference: string;
  chargeReference: string;
  amount: number;
  at: Date;
}

/** The books of a payment provider that keeps them in its own house. */
export interface ProviderBooks {
  charges(since: Date): Promise<BookedCharge[]>;
  /** Those that succeeded. */
  refunds(since: Date): Promise<BookedRefund[]>;
}

/** The provider does not answer, or does not know the key. */
export class ProviderBooksError extends Error {
  constructor(cause: unknown) {
    super(`Stripe does not show its books: ${cause instanceof Error ? cause.message : cause}`, { cause });
    this.name = 'ProviderBooksError';
  }
}

const TIMEOUT_MS = 20_000;
const PAGE_SIZE = 100;

/** Reads them page by page with the official client; a restricted key that may read charges and refunds is enough. */
export function openStripeBooks({ apiKey, apiBase }: { apiKey: string; apiBase: string }): ProviderBooks {
  const base = new URL(apiBase);
  const protocol = base.protocol === 'http:' ? 'http' : 'https';
  const port = base.port === '' ? (protocol === 'http' ? 80 : 443) : Number(base.port);
  const stripe = new Stripe(apiKey, { protocol, host: base.hostname, port, timeout: TIMEOUT_MS, telemetry: false });
  const from = (since: Date) => ({ created: { gte: Math.floor(since.getTime() / 1_000) }, limit: PAGE_SIZE });
  return {
    charges: async (since) => {
      const intents = await all(stripe.paymentIntents.list(from(since)));
      return intents.filter(({ status }) => status === 'succeeded').map(toCharge);
    },
    refunds: async (since) => {
      const refunds = await all(stripe.refunds.list(from(since)));
      return refunds.filter(({ status }) => status === 'succeeded').map(toRefund);
    },
  };
}

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  try {
    for await (const item of pages) items.push(item);
  } catch (error) {
    throw new ProviderBooksError(error);
  }
  return items;
}

function toCharge(intent: Stripe.PaymentIntent): BookedCharge {
  return {
    reference: intent.id,
    paymentId: intent.metadata.payment_id,
    orderId: intent.metadata.order_id,
    amount: intent.amount_received,
    currency: intent.currency.toUpperCase(),
    at: new Date(intent.created * 1_000),
  };
}

function toRefund(refund: Stripe.Refund): BookedRefund {
  const { payment_intent: intent } = refund;
  return {
    reference: refund.id,
    chargeReference: typeof intent === 'string' ? intent : (intent?.id ?? ''),
    amount: refund.amount,
    at: new Date(refund.created * 1_000),
  };
}

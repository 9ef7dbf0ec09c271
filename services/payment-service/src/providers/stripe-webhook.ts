import { Refusal } from '@souk/contracts';
import { inChunks, ROWS_PER_STATEMENT } from '@souk/outbox';
import { type Clock, type Logger, type Pool, type PoolClient, transaction } from '@souk/service-runtime';
import type { Stripe } from 'stripe';
import { z } from 'zod';
import { recordCharge } from '../payments/charger.ts';
import type { PaymentAlarm, PaymentMetrics } from '../payments/payment-metrics.ts';
import { type LockedPayment, lockPayments, savePayments } from '../payments/payment-repository.ts';
import type { StripeClient } from './stripe-client.ts';
import { outcomeOfIntent } from './stripe-provider.ts';

export interface StripeWebhookContext {
  pool: Pool;
  stripe: StripeClient;
  webhookSecret: string;
  clock: Clock;
  newId: () => string;
  logger: Logger;
  paymentMetrics: PaymentMetrics;
  /** Called after the commit of an effect. */
  onSettled: (refundsDue: boolean) => void;
}

const eventSchema = z.object({
  id: z.string().min(1).max(255),
  type: z.string().min(1).max(255),
  data: z.object({ object: z.record(z.string(), z.unknown()) }),
});
type WebhookEvent = z.infer<typeof eventSchema>;

const intentSchema = z.object({
  id: z.string(),
  status: z.string(),
  amount: z.int(),
  amount_received: z.int(),
  currency: z.string(),
  metadata: z.object({ payment_id: z.uuid() }),
  last_payment_error: z.object({ decline_code: z.string().nullish() }).nullish(),
});

/** The events that tell how a charge went. A refund is asked about until it is known, so its events are only noted. */
const INTENT_TYPES = ['payment_intent.succeeded', 'payment_intent.payment_failed', 'payment_intent.canceled'];
const NOTED_TYPES = [
  'payment_intent.created',
  'payment_intent.processing',
  'payment_intent.requires_action',
  'charge.succeeded',
  'charge.failed',
  'charge.updated',
  'charge.refunded',
  'charge.refund.updated',
  'refund.created',
  'refund.updated',
  'refund.failed',
];

/**
 * Reads what came from the internet: the signature over the exact bytes, at most 5 minutes old (Stripe's own tolerance),
 * then its shape.
 */
export function parseWebhook(
  { stripe, webhookSecret }: Pick<StripeWebhookContext, 'stripe' | 'webhookSecret'>,
  body: Buffer,
  signature: string | undefined,
): WebhookEvent {
  let unsafe: unknown;
  try {
    unsafe = stripe.webhooks.constructEvent(body, signature ?? '', webhookSecret);
  } catch (error) {
    if ((error as { type?: string }).type === 'StripeSignatureVerificationError') {
      throw new Refusal('unauthorized', 'Expected a valid Stripe-Signature that is at most 5 minutes old');
    }
    throw new Refusal('malformed', 'Expected an event as JSON');
  }
  const event = eventSchema.safeParse(unsafe);
  if (!event.success) throw new Refusal('malformed', 'Expected an event with id, type and data.object');
  return event.data;
}

/** Has the effect of an event once; a repeat, and what we do not understand, has none. */
export async function applyWebhook(context: StripeWebhookContext, event: WebhookEvent): Promise<void> {
  const isNew = await transaction(context.pool, async (tx) => {
    const { rowCount } = await tx.query(
      'INSERT INTO webhook_events (id, type) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING',
      [event.id, event.type],
    );
    if (rowCount === 0) return false;
    if (INTENT_TYPES.includes(event.type)) await applyIntent(tx, context, event);
    else if (!NOTED_TYPES.includes(event.type)) alarm(context, 'webhook-unknown-type', event);
    return true;
  });
  if (isNew) context.onSettled(true);
}

async function applyIntent(tx: PoolClient, context: StripeWebhookContext, event: WebhookEvent): Promise<void> {
  const intent = intentSchema.safeParse(event.data.object);
  if (!intent.success) return alarm(context, 'webhook-unknown-payment', event);
  const { metadata, amount, currency } = intent.data;
  const locked = (await lockPayments(tx, [metadata.payment_id])).get(metadata.payment_id);
  if (locked === undefined) return alarm(context, 'webhook-unknown-payment', event);
  const expected = locked.payment.amount;
  if (amount !== expected.amount || currency.toUpperCase() !== expected.currency) {
    return alarm(context, 'webhook-wrong-amount', event);
  }
  const found = { locked, intent: intent.data as unknown as Stripe.PaymentIntent };
  if (isSurplus(found)) return alarm(context, 'webhook-surplus-capture', event);
  await recordIntent(tx, context, found);
}

interface FoundIntent {
  locked: LockedPayment;
  intent: Stripe.PaymentIntent;
}

/** Money that this payment does not know of: it was never asked for, its charge failed, or another one was captured. */
function isSurplus({ locked, intent }: FoundIntent): boolean {
  const { payment, reference } = locked;
  if (intent.status !== 'succeeded') return false;
  const isAwaited = payment.status === 'pending' && payment.tried && payment.captured === 0;
  return !isAwaited && reference !== intent.id;
}

async function recordIntent(
  tx: PoolClient,
  context: StripeWebhookContext,
  { locked, intent }: FoundIntent,
): Promise<void> {
  const outcome = outcomeOfIntent(intent);
  // Never asked for by us: whatever this is, it is no outcome of our charge.
  if (outcome === undefined || (locked.payment.status === 'pending' && !locked.payment.tried)) return;
  recordCharge(context, locked, outcome);
  await savePayments(tx, [locked], { now: context.clock.now(), newId: context.newId });
}

function alarm({ paymentMetrics, logger }: StripeWebhookContext, name: PaymentAlarm, event: WebhookEvent): void {
  paymentMetrics.alarms.inc({ alarm: name });
  logger.error({ alarm: name, eventId: event.id }, 'Webhook has no effect and must be looked at');
}

/** Stripe repeats an event for up to three days. */
const KEEP_DAYS = 30;

/** Answers how many there were. */
export function deleteOldWebhookEvents(pool: Pool, signal: AbortSignal): Promise<number> {
  return inChunks(signal, () =>
    pool.query(
      `DELETE FROM webhook_events WHERE ctid = ANY(ARRAY(
         SELECT ctid FROM webhook_events WHERE received_at < now() - $1 * interval '1 day'
         ORDER BY received_at LIMIT ${ROWS_PER_STATEMENT}))`,
      [KEEP_DAYS],
    ),
  );
}

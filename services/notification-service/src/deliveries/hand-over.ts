import { type Clock, type Logger, withSpan } from '@souk/service-runtime';
import {
  type MailSender,
  MessagePostponedError,
  MessageRejectedError,
  SenderUnavailableError,
  type SmsSender,
} from '../senders/sender-port.ts';
import { messageKeyOf } from './delivery.ts';
import type { LeasedDelivery } from './delivery-repository.ts';
import { expiryOf, type OpenToken, renderSms, renderTemplate } from './render-delivery.ts';

/** After this a message is given up: nobody wants yesterday's news. */
export const GIVE_UP_AFTER_MS = 24 * 60 * 60 * 1_000;
const RETRY_DELAY_MS_MIN = 1_000;
const RETRY_DELAY_MS_MAX = 30 * 60 * 1_000;

/** Mail libraries read a list out of a text with commas; a message goes to one person. */
const ONE_ADDRESS = /^[^\s@<>",;]+@[^\s@<>",;]+$/;

/** What came of handing a message over. */
export type HandOver =
  | { kind: 'sent' }
  | { kind: 'postponed' | 'unavailable' | 'failed' | 'discarded'; reason: string };

export interface HandOverContext {
  mailSender: MailSender;
  smsSender: SmsSender;
  openToken: OpenToken;
  config: { publicUrl: string };
  clock: Clock;
  logger: Logger;
}

/** Doubling up to half an hour, ± 20 % by `random` (0 to 1). */
export function retryDelayMs(attempts: number, random: number): number {
  const delayMs = Math.min(RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_MIN * 2 ** Math.min(attempts - 1, 20));
  return Math.round(delayMs * (0.8 + random * 0.4));
}

/** Makes the message and hands it over, in no transaction. Never rejects: whatever happens is an answer. */
export async function handOver(
  context: HandOverContext,
  delivery: LeasedDelivery,
  signal: AbortSignal,
): Promise<HandOver> {
  const now = context.clock.now().getTime();
  try {
    const expiry = expiryOf(delivery.template, delivery.content);
    if (expiry !== undefined && expiry.getTime() <= now) return { kind: 'discarded', reason: 'The link has expired' };
    const span = { kind: 'producer' as const, traceparent: delivery.traceparent ?? undefined };
    await withSpan(`send ${delivery.channel}`, span, () => send(context, delivery, signal));
    return { kind: 'sent' };
  } catch (error) {
    const outcome = toOutcome(error, context.logger, delivery);
    const givenUp = outcome.kind !== 'failed' && now - delivery.createdAt.getTime() > GIVE_UP_AFTER_MS;
    return givenUp ? { kind: 'failed', reason: 'Given up after 24 hours' } : outcome;
  }
}

async function send(context: HandOverContext, delivery: LeasedDelivery, signal: AbortSignal): Promise<void> {
  const { template, recipient, content } = delivery;
  const message = { key: messageKeyOf(delivery), template, recipient };
  if (delivery.channel === 'sms') {
    await context.smsSender.sendSms({ ...message, text: renderSms(template, content) }, signal);
    return;
  }
  if (!ONE_ADDRESS.test(recipient)) throw new MessageRejectedError('The recipient is not one e-mail address');
  const { publicUrl } = context.config;
  const mail = await renderTemplate(template, content, { publicUrl, openToken: context.openToken });
  await context.mailSender.sendMail({ ...message, ...mail });
}

function toOutcome(error: unknown, logger: Logger, delivery: LeasedDelivery): Exclude<HandOver, { kind: 'sent' }> {
  if (error instanceof SenderUnavailableError) return { kind: 'unavailable', reason: error.message };
  if (error instanceof MessagePostponedError) return { kind: 'postponed', reason: error.message };
  const { id, template } = delivery;
  if (error instanceof MessageRejectedError) {
    logger.warn({ deliveryId: id, template, reason: error.message }, 'Message was refused');
    return { kind: 'failed', reason: error.message };
  }
  // The content cannot be made into a message, today or ever; the error may quote it, so only its name is kept.
  const reason = `The message could not be made: ${error instanceof Error ? error.name : 'unknown error'}`;
  logger.error({ deliveryId: id, template, reason }, 'Message could not be made');
  return { kind: 'failed', reason };
}

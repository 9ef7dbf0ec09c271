import { setTimeout as sleep } from 'node:timers/promises';
import { retryQueueName } from '@souk/contracts';
import type { Channel, ConsumeMessage } from 'amqplib';
import { GIVE_BACK_PAUSE_MS } from '../batch-pause.ts';
import { ATTEMPT_HEADER, DEAD_LETTER_REASON_HEADER, type Delivery, type PublishOutcome } from '../broker.ts';
import type { BrokerMetrics } from '../broker-metrics.ts';
import type { BrokerLogger } from '../log.ts';
import { jitteredDelayMs, nextDelayMs } from '../retry-ladder.ts';
import type { Topology } from './topology.ts';
import {
  attemptIn,
  boundedReason,
  type CopyTarget,
  deadLetterReasonOf,
  deliveryCountOf,
  toCopy,
  typeOf,
  type WireMessage,
} from './wire-message.ts';

/** A released message is renewed (a copy, then an ack) before the broker's limit of 100 deliveries takes it for poison. */
const RENEW_AT_DELIVERY_COUNT = 50;
const COPY_TIMEOUT_MS = 5_000;

/** What a delivery needs to settle itself; `queue` is the logical name. */
export interface SettleContext {
  queue: string;
  topology: Topology;
  retryDelaysMs: readonly number[];
  send: (messages: readonly WireMessage[], timeoutMs: number) => Promise<PublishOutcome[]>;
  metrics: BrokerMetrics;
  logger: BrokerLogger;
  random: () => number;
}

/** The channel that a delivery came by: only there may it be settled, and not after the channel's end. */
export interface DeliveryChannel {
  channel: Channel;
  isOpen(): boolean;
  onSettled(delivery: Delivery): void;
}

export function createRabbitMqDelivery(
  message: ConsumeMessage,
  from: DeliveryChannel,
  context: SettleContext,
): Delivery {
  const { topology, metrics } = context;
  const attempt = attemptIn(message);
  const deadLetterQueue = topology.deadLetterQueueOf(context.queue);
  let settled = false;

  /** The first verb decides. On a channel that is gone there is nothing to settle: the broker delivers again. */
  function settle(how: (channel: Channel) => void): void {
    from.onSettled(delivery);
    if (!from.isOpen()) return;
    try {
      how(from.channel);
    } catch (error) {
      context.logger.warn({ error, queue: context.queue }, 'A delivery could not be settled; it will come again');
    }
  }

  const ack = () => settle((channel) => channel.ack(message));
  const giveBack = () => settle((channel) => channel.nack(message, false, true));

  /** Publishes a copy with a confirm and only then acknowledges; without the confirm the message is given back. */
  async function moveTo(target: CopyTarget): Promise<boolean> {
    const [outcome] = await context.send([toCopy(message, target)], COPY_TIMEOUT_MS);
    if (outcome === 'confirmed') {
      ack();
      return true;
    }
    context.logger.warn({ queue: context.queue, to: target.queue, outcome }, 'A message could not be moved');
    await sleep(GIVE_BACK_PAUSE_MS);
    giveBack();
    return false;
  }

  async function giveUp(reason: string): Promise<void> {
    if (deadLetterQueue === undefined) {
      await sleep(GIVE_BACK_PAUSE_MS);
      giveBack();
      return;
    }
    const headers = { [ATTEMPT_HEADER]: attempt, [DEAD_LETTER_REASON_HEADER]: boundedReason(reason) };
    if (await moveTo({ queue: topology.prefix + deadLetterQueue, headers })) metrics.deadLettered(context.queue);
  }

  async function climb(reason: string): Promise<void> {
    const delayMs = nextDelayMs(context.retryDelaysMs, attempt);
    if (delayMs === undefined || deadLetterQueue === undefined) return giveUp(reason);
    const headers = { [ATTEMPT_HEADER]: attempt + 1 };
    const target =
      delayMs === 0
        ? { queue: topology.prefix + context.queue, headers }
        : {
            queue: topology.prefix + retryQueueName(context.queue, delayMs),
            headers,
            expirationMs: jitteredDelayMs(delayMs, context.random),
          };
    if (await moveTo(target)) metrics.retried(context.queue);
  }

  async function renew(): Promise<void> {
    await moveTo({ queue: topology.prefix + context.queue, headers: {} });
  }

  const once = (verb: () => void | Promise<void>): void | Promise<void> => {
    if (settled) return;
    settled = true;
    return verb();
  };

  const deadLetterReason = deadLetterQueue === undefined ? deadLetterReasonOf(message) : undefined;
  const { properties } = message;
  const delivery: Delivery = {
    id: textOrUndefined(properties.messageId),
    type: typeOf(message),
    contentType: textOrUndefined(properties.contentType),
    body: message.content,
    headers: {
      ...properties.headers,
      ...(deadLetterReason === undefined ? {} : { [DEAD_LETTER_REASON_HEADER]: deadLetterReason }),
    },
    correlationId: textOrUndefined(properties.correlationId),
    attempt,
    redelivered: message.fields.redelivered,
    ack: () => void once(ack),
    release: () => void once(deliveryCountOf(message) < RENEW_AT_DELIVERY_COUNT ? giveBack : renew),
    retry: async (reason) => once(() => climb(reason)),
    deadLetter: async (reason) => once(() => giveUp(reason)),
  };
  return delivery;
}

function textOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

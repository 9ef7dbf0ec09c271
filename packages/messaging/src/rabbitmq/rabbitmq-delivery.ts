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
  const settlement = new Settlement(message, from, context);
  const isDeadLetter = context.topology.deadLetterQueueOf(context.queue) === undefined;
  const deadLetterReason = isDeadLetter ? deadLetterReasonOf(message) : undefined;
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
    attempt: attemptIn(message),
    redelivered: message.fields.redelivered,
    ack: () => void settlement.once(() => settlement.ack()),
    release: () => void settlement.once(() => settlement.release()),
    retry: async (reason) => settlement.once(() => settlement.climb(reason)),
    deadLetter: async (reason) => settlement.once(() => settlement.giveUp(reason)),
  };
  settlement.onSettled = () => from.onSettled(delivery);
  return delivery;
}

/** How one message leaves its queue. */
class Settlement {
  onSettled: () => void = () => {};
  readonly #message: ConsumeMessage;
  readonly #from: DeliveryChannel;
  readonly #context: SettleContext;
  #decided = false;

  constructor(message: ConsumeMessage, from: DeliveryChannel, context: SettleContext) {
    this.#message = message;
    this.#from = from;
    this.#context = context;
  }

  /** The first verb decides; further ones do nothing. */
  once(verb: () => void | Promise<void>): void | Promise<void> {
    if (this.#decided) return;
    this.#decided = true;
    return verb();
  }

  ack(): void {
    this.#settle((channel) => channel.ack(this.#message));
  }

  release(): void | Promise<void> {
    if (deliveryCountOf(this.#message) < RENEW_AT_DELIVERY_COUNT) this.#giveBack();
    else return this.#renew();
  }

  async giveUp(reason: string): Promise<void> {
    const { topology, queue, metrics } = this.#context;
    const deadLetterQueue = topology.deadLetterQueueOf(queue);
    if (deadLetterQueue === undefined) {
      await sleep(GIVE_BACK_PAUSE_MS);
      this.#giveBack();
      return;
    }
    const headers = {
      [ATTEMPT_HEADER]: attemptIn(this.#message),
      [DEAD_LETTER_REASON_HEADER]: boundedReason(reason),
    };
    if (await this.#moveTo({ queue: topology.prefix + deadLetterQueue, headers })) metrics.deadLettered(queue);
  }

  async climb(reason: string): Promise<void> {
    const { topology, queue, retryDelaysMs, metrics, random } = this.#context;
    const attempt = attemptIn(this.#message);
    const delayMs = nextDelayMs(retryDelaysMs, attempt);
    if (delayMs === undefined || topology.deadLetterQueueOf(queue) === undefined) return this.giveUp(reason);
    const headers = { [ATTEMPT_HEADER]: attempt + 1 };
    const target =
      delayMs === 0
        ? { queue: topology.prefix + queue, headers }
        : {
            queue: topology.prefix + retryQueueName(queue, delayMs),
            headers,
            expirationMs: jitteredDelayMs(delayMs, random),
          };
    if (await this.#moveTo(target)) metrics.retried(queue);
  }

  async #renew(): Promise<void> {
    await this.#moveTo({ queue: this.#context.topology.prefix + this.#context.queue, headers: {} });
  }

  #giveBack(): void {
    this.#settle((channel) => channel.nack(this.#message, false, true));
  }

  /** Publishes a copy with a confirm and only then acknowledges; without the confirm the message is given back. */
  async #moveTo(target: CopyTarget): Promise<boolean> {
    const { send, logger, queue } = this.#context;
    const [outcome] = await send([toCopy(this.#message, target)], COPY_TIMEOUT_MS);
    if (outcome === 'confirmed') {
      this.ack();
      return true;
    }
    logger.warn({ queue, to: target.queue, outcome }, 'A message could not be moved');
    await sleep(GIVE_BACK_PAUSE_MS);
    this.#giveBack();
    return false;
  }

  /** On a channel that is gone there is nothing to settle: the broker delivers again. */
  #settle(how: (channel: Channel) => void): void {
    this.onSettled();
    if (!this.#from.isOpen()) return;
    try {
      how(this.#from.channel);
    } catch (error) {
      const { logger, queue } = this.#context;
      logger.warn({ error, queue }, 'A delivery could not be settled; it will come again');
    }
  }
}

function textOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

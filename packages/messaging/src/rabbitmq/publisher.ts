import type { ChannelModel, ConfirmChannel, Message } from 'amqplib';
import type { PublishOutcome } from '../broker.ts';
import type { BrokerMetrics } from '../broker-metrics.ts';
import type { BrokerLogger } from '../log.ts';
import { outcomesWithin } from '../outcomes.ts';
import type { WireMessage } from './wire-message.ts';

/** Unconfirmed messages at a time: a window of 500 passes some 45,000 a second, and bounds what a dead link forgets. */
const IN_FLIGHT_MAX = 500;
/** RabbitMQ 4 refuses more, and closes the channel over it. */
const BODY_BYTES_MAX = 16 * 1024 * 1024 - 1;

export interface PublisherOptions {
  logger: BrokerLogger;
  metrics: BrokerMetrics;
  /** The channel was closed by the broker while its connection lives: an exchange or a queue is gone. */
  onChannelLost: (reason: string) => void;
  /** A message came back: a queue or a binding is gone. */
  onReturned: () => void;
}

/** Publishes with confirms on one channel at a time; it is given a new one at each connect. */
export interface Publisher {
  attach(model: ChannelModel): Promise<void>;
  detach(): void;
  block(blocked: boolean): void;
  /** True while a publish could succeed. */
  isOpen(): boolean;
  send(messages: readonly WireMessage[], timeoutMs: number): Promise<PublishOutcome[]>;
  /** Resolves when nothing is unconfirmed, at the latest after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

interface InFlight {
  returned: boolean;
}

export function createPublisher(options: PublisherOptions): Publisher {
  const publisher = new ConfirmingPublisher(options);
  return {
    attach: (model) => publisher.attach(model),
    detach: () => publisher.detach(),
    block: (blocked) => publisher.block(blocked),
    isOpen: () => publisher.isOpen(),
    send: (messages, timeoutMs) => publisher.send(messages, timeoutMs),
    drain: (timeoutMs) => publisher.drain(timeoutMs),
  };
}

class ConfirmingPublisher implements Publisher {
  readonly #options: PublisherOptions;
  readonly #inFlight = new Map<string, InFlight[]>();
  readonly #waiting = new Set<() => void>();
  #channel: ConfirmChannel | undefined;
  #blocked = false;
  #buffersFull = false;
  #inFlightCount = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  isOpen(): boolean {
    return this.#channel !== undefined && !this.#blocked;
  }

  async attach(model: ChannelModel): Promise<void> {
    const fresh = await model.createConfirmChannel();
    fresh.on('error', (error) => this.#options.logger.warn({ error }, 'The broker closed the publishing channel'));
    fresh.on('close', () => {
      if (this.#channel !== fresh) return;
      this.detach();
      this.#options.onChannelLost('the publishing channel closed');
    });
    fresh.on('drain', () => {
      this.#buffersFull = false;
      this.#changed();
    });
    fresh.on('return', (message) => this.#markReturned(message));
    this.#channel = fresh;
    this.#buffersFull = false;
    this.#changed();
  }

  detach(): void {
    this.#channel = undefined;
    this.#changed();
  }

  block(blocked: boolean): void {
    this.#blocked = blocked;
    this.#changed();
  }

  async send(messages: readonly WireMessage[], timeoutMs: number): Promise<PublishOutcome[]> {
    const deadline = Date.now() + timeoutMs;
    const pending: (PublishOutcome | Promise<PublishOutcome>)[] = [];
    for (const message of messages) {
      while (this.isOpen() && this.#isFull() && Date.now() < deadline) await this.#nextChange(deadline);
      const channel = this.isOpen() && (pending.length === 0 || Date.now() < deadline) ? this.#channel : undefined;
      pending.push(channel === undefined ? 'failed' : this.#sendOne(channel, message));
    }
    const outcomes = await outcomesWithin(pending, Math.max(0, deadline - Date.now()));
    countOutcomes(this.#options.metrics, outcomes);
    return outcomes;
  }

  async drain(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.#inFlightCount > 0 && this.#channel !== undefined && Date.now() < deadline) {
      await this.#nextChange(deadline);
    }
  }

  #sendOne(channel: ConfirmChannel, message: WireMessage): PublishOutcome | Promise<PublishOutcome> {
    const { messageId } = message.options;
    const { logger } = this.#options;
    if (message.body.length > BODY_BYTES_MAX) {
      logger.error({ messageId, bytes: message.body.length }, 'A message is too large');
      return 'failed';
    }
    const key = keyOf(message.exchange, message.routingKey, messageId);
    const flight: InFlight = { returned: false };
    return new Promise((resolve) => {
      const settle = (outcome: PublishOutcome) => {
        this.#land(key, flight);
        resolve(outcome);
      };
      this.#takeOff(key, flight);
      try {
        const { exchange, routingKey, body, options } = message;
        const hasRoom = channel.publish(exchange, routingKey, body, options, (error: unknown) => {
          // A negative confirm and a lost channel look the same: nobody knows, so it is published again by its id.
          if (error !== null && error !== undefined) settle('failed');
          else settle(flight.returned ? 'returned' : 'confirmed');
        });
        if (!hasRoom) this.#buffersFull = true;
      } catch (error) {
        logger.warn({ error, messageId }, 'A message could not be published');
        settle('failed');
      }
    });
  }

  #takeOff(key: string, flight: InFlight): void {
    this.#inFlight.set(key, [...(this.#inFlight.get(key) ?? []), flight]);
    this.#inFlightCount += 1;
  }

  #land(key: string, flight: InFlight): void {
    const left = (this.#inFlight.get(key) ?? []).filter((one) => one !== flight);
    if (left.length === 0) this.#inFlight.delete(key);
    else this.#inFlight.set(key, left);
    this.#inFlightCount -= 1;
    this.#changed();
  }

  /** The broker returns an unroutable message before it confirms it, and in the order of publishing. */
  #markReturned(message: Message): void {
    const key = keyOf(message.fields.exchange, message.fields.routingKey, message.properties.messageId);
    const flight = this.#inFlight.get(key)?.find((one) => !one.returned);
    if (flight !== undefined) flight.returned = true;
    this.#options.onReturned();
  }

  #isFull(): boolean {
    return this.#buffersFull || this.#inFlightCount >= IN_FLIGHT_MAX;
  }

  #changed(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #nextChange(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(0, deadline - Date.now()));
      this.#waiting.add(wake);
    });
  }
}

function keyOf(exchange: string, routingKey: string, messageId: unknown): string {
  return `${exchange} ${routingKey} ${typeof messageId === 'string' ? messageId : ''}`;
}

function countOutcomes(metrics: BrokerMetrics, outcomes: readonly PublishOutcome[]): void {
  for (const outcome of ['confirmed', 'returned', 'failed'] as const) {
    const found = outcomes.reduce((sum, one) => sum + (one === outcome ? 1 : 0), 0);
    if (found > 0) metrics.published(outcome, found);
  }
}

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
  const { logger, metrics } = options;
  const inFlight = new Map<string, InFlight[]>();
  const waiting = new Set<() => void>();
  let channel: ConfirmChannel | undefined;
  let blocked = false;
  let buffersFull = false;
  let inFlightCount = 0;

  const isOpen = () => channel !== undefined && !blocked;

  function changed(): void {
    for (const wake of waiting) wake();
    waiting.clear();
  }

  async function attach(model: ChannelModel): Promise<void> {
    const fresh = await model.createConfirmChannel();
    fresh.on('error', (error) => logger.warn({ error }, 'The broker closed the publishing channel'));
    fresh.on('close', () => {
      if (channel !== fresh) return;
      detach();
      options.onChannelLost('the publishing channel closed');
    });
    fresh.on('drain', () => {
      buffersFull = false;
      changed();
    });
    fresh.on('return', markReturned);
    channel = fresh;
    buffersFull = false;
    changed();
  }

  function detach(): void {
    channel = undefined;
    changed();
  }

  /** The broker returns an unroutable message before it confirms it, and in the order of publishing. */
  function markReturned(message: Message): void {
    const key = keyOf(message.fields.exchange, message.fields.routingKey, message.properties.messageId);
    const flight = inFlight.get(key)?.find((one) => !one.returned);
    if (flight !== undefined) flight.returned = true;
    options.onReturned();
  }

  function sendOne(open: ConfirmChannel, message: WireMessage): PublishOutcome | Promise<PublishOutcome> {
    if (message.body.length > BODY_BYTES_MAX) {
      logger.error({ messageId: message.options.messageId, bytes: message.body.length }, 'A message is too large');
      return 'failed';
    }
    const key = keyOf(message.exchange, message.routingKey, message.options.messageId);
    const flight: InFlight = { returned: false };
    return new Promise((resolve) => {
      const settle = (outcome: PublishOutcome) => {
        removeFlight(inFlight, key, flight);
        inFlightCount -= 1;
        changed();
        resolve(outcome);
      };
      inFlight.set(key, [...(inFlight.get(key) ?? []), flight]);
      inFlightCount += 1;
      try {
        const { exchange, routingKey, body } = message;
        const hasRoom = open.publish(exchange, routingKey, body, message.options, (error: unknown) => {
          // A negative confirm and a lost channel look the same: nobody knows, so it is published again by its id.
          if (error !== null && error !== undefined) settle('failed');
          else settle(flight.returned ? 'returned' : 'confirmed');
        });
        if (!hasRoom) buffersFull = true;
      } catch (error) {
        logger.warn({ error, messageId: message.options.messageId }, 'A message could not be published');
        settle('failed');
      }
    });
  }

  async function send(messages: readonly WireMessage[], timeoutMs: number): Promise<PublishOutcome[]> {
    const deadline = Date.now() + timeoutMs;
    const pending: (PublishOutcome | Promise<PublishOutcome>)[] = [];
    for (const message of messages) {
      while (isOpen() && (buffersFull || inFlightCount >= IN_FLIGHT_MAX) && Date.now() < deadline) {
        await nextChange(waiting, deadline - Date.now());
      }
      const mayGo = isOpen() && channel !== undefined && (pending.length === 0 || Date.now() < deadline);
      pending.push(mayGo && channel !== undefined ? sendOne(channel, message) : 'failed');
    }
    const outcomes = await outcomesWithin(pending, Math.max(0, deadline - Date.now()));
    count(metrics, outcomes);
    return outcomes;
  }

  return {
    attach,
    detach,
    block(isBlocked) {
      blocked = isBlocked;
      changed();
    },
    isOpen,
    send,
    async drain(timeoutMs) {
      const deadline = Date.now() + timeoutMs;
      while (inFlightCount > 0 && channel !== undefined && Date.now() < deadline) {
        await nextChange(waiting, deadline - Date.now());
      }
    },
  };
}

function keyOf(exchange: string, routingKey: string, messageId: unknown): string {
  return `${exchange} ${routingKey} ${typeof messageId === 'string' ? messageId : ''}`;
}

function removeFlight(inFlight: Map<string, InFlight[]>, key: string, flight: InFlight): void {
  const left = (inFlight.get(key) ?? []).filter((one) => one !== flight);
  if (left.length === 0) inFlight.delete(key);
  else inFlight.set(key, left);
}

function nextChange(waiting: Set<() => void>, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      waiting.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, Math.max(0, timeoutMs));
    waiting.add(wake);
  });
}

function count(metrics: BrokerMetrics, outcomes: readonly PublishOutcome[]): void {
  for (const outcome of ['confirmed', 'returned', 'failed'] as const) {
    const found = outcomes.reduce((sum, one) => sum + (one === outcome ? 1 : 0), 0);
    if (found > 0) metrics.published(outcome, found);
  }
}

import { EVENT_CONTENT_TYPE } from '@souk/contracts';
import type { ConsumeMessage, Options } from 'amqplib';
import { ATTEMPT_HEADER, DEAD_LETTER_REASON_HEADER, type OutgoingMessage } from '../broker.ts';
import { attemptOf } from '../retry-ladder.ts';

/** A message as amqplib takes it. */
export interface WireMessage {
  exchange: string;
  routingKey: string;
  body: Buffer;
  options: Options.Publish;
}

/** Longer headers break the frame of 128 KB, and with it the whole connection. */
const HEADER_BYTES_MAX = 8_192;
const REASON_CODE_UNITS_MAX = 500;
/** What the broker writes itself; a copy must not claim it. */
const BROKER_HEADERS = /^(x-death|x-delivery-count|x-acquired-count|x-(first|last)-death-.*|cc|bcc)$/i;

type Headers = Record<string, string | number | boolean>;

export function toWireMessage(message: OutgoingMessage, target: { exchange: string; routingKey: string }): WireMessage {
  const traceparent = message.traceparent === undefined ? {} : { traceparent: message.traceparent };
  return {
    ...target,
    body: message.body,
    options: {
      persistent: true,
      mandatory: message.mandatory,
      contentType: EVENT_CONTENT_TYPE,
      type: message.type,
      messageId: message.id,
      headers: boundedHeaders({ ...traceparent, ...message.headers }),
      ...(message.correlationId === undefined ? {} : { correlationId: message.correlationId }),
    },
  };
}

export interface CopyTarget {
  /** The physical queue, reached through the default exchange. */
  queue: string;
  headers: Headers;
  expirationMs?: number | undefined;
}

/** The same message again for another queue: retry, dead letter, renewal. It keeps its id and its type. */
export function toCopy(message: ConsumeMessage, target: CopyTarget): WireMessage {
  const { properties } = message;
  const optional = {
    contentType: properties.contentType,
    contentEncoding: properties.contentEncoding,
    correlationId: properties.correlationId,
    messageId: properties.messageId,
    type: typeOf(message),
    timestamp: properties.timestamp,
    expiration: target.expirationMs,
  };
  return {
    exchange: '',
    routingKey: target.queue,
    body: message.content,
    options: {
      ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
      persistent: true,
      mandatory: true,
      headers: boundedHeaders({ ...properties.headers, ...target.headers }),
    },
  };
}

/** The wire type: the property, which survives the way through retry queues; else the routing key of a first delivery. */
export function typeOf(message: ConsumeMessage): string | undefined {
  if (typeof message.properties.type === 'string') return message.properties.type;
  return message.fields.exchange === '' ? undefined : message.fields.routingKey;
}

export function attemptIn(message: ConsumeMessage): number {
  return attemptOf(message.properties.headers?.[ATTEMPT_HEADER]);
}

/** How often the broker has delivered the message before; absent on the first delivery. */
export function deliveryCountOf(message: ConsumeMessage): number {
  const count: unknown = message.properties.headers?.['x-delivery-count'];
  return typeof count === 'number' ? count : 0;
}

export function boundedReason(reason: string): string {
  return reason.slice(0, REASON_CODE_UNITS_MAX).toWellFormed();
}

/** Why a message lies in a dead-letter queue: our own header, else what the broker says when it gave it up itself. */
export function deadLetterReasonOf(message: ConsumeMessage): string | undefined {
  const headers = message.properties.headers ?? {};
  const own: unknown = headers[DEAD_LETTER_REASON_HEADER];
  if (typeof own === 'string') return own;
  const death = headers['x-death']?.[0];
  return death === undefined ? undefined : `the broker gave it up: ${String(death.reason)}`;
}

/** Only plain values, the shortest first, as far as they fit; what a stranger sent beyond that is dropped. */
function boundedHeaders(headers: Record<string, unknown>): Headers {
  const bounded: Headers = {};
  let bytes = 0;
  const plain = Object.entries(headers)
    .filter(
      (entry): entry is [string, string | number | boolean] => isPlain(entry[1]) && !BROKER_HEADERS.test(entry[0]),
    )
    .map(([name, value]) => ({ name, value, bytes: Buffer.byteLength(name) + Buffer.byteLength(String(value)) + 8 }))
    .sort((left, right) => left.bytes - right.bytes);
  for (const header of plain) {
    bytes += header.bytes;
    if (bytes > HEADER_BYTES_MAX) break;
    // A name is an AMQP short string.
    if (Buffer.byteLength(header.name) <= 255) bounded[header.name] = header.value;
  }
  return bounded;
}

function isPlain(value: unknown): value is string | number | boolean {
  return (
    typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
  );
}

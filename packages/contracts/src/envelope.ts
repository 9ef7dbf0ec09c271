import { z } from 'zod';
import { EVENT_VERSION, EVENTS, type EventData, type EventType, eventDataSchemas } from './events.ts';

/** The content type of every message: one CloudEvents 1.0 document in structured JSON mode. */
export const EVENT_CONTENT_TYPE = 'application/cloudevents+json';

/** One event on the wire (CloudEvents 1.0). */
export interface CloudEvent<T extends EventType = EventType> {
  specversion: '1.0';
  id: string;
  source: string;
  type: T;
  /** The id of the aggregate: the order id for `order.*` and `payment.*`. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  dataschema: string;
  /** The aggregate's version at the change, as a decimal string; consumers skip what is not newer. */
  sequence?: string | undefined;
  traceparent?: string | undefined;
  /** Set on an event that is published again by a sweep: consumers that know the id repeat their own last event. */
  redrive?: string | undefined;
  data: EventData<T>;
}

/** A CloudEvent whose `type` narrows its `data`. */
export type SoukEvent = { [T in EventType]: CloudEvent<T> }[EventType];

export interface NewEvent<T extends EventType> {
  id: string;
  type: T;
  subject: string;
  time: Date;
  sequence?: number | undefined;
  traceparent?: string | undefined;
  data: EventData<T>;
}

/** Builds the document that goes into the outbox. */
export function createEvent<T extends EventType>(event: NewEvent<T>): CloudEvent<T> {
  return {
    specversion: '1.0',
    id: event.id,
    source: `/${EVENTS[event.type].producer}`,
    type: event.type,
    subject: event.subject,
    time: event.time.toISOString(),
    datacontenttype: 'application/json',
    dataschema: `/schemas/${event.type}/v${EVENT_VERSION}`,
    ...(event.sequence === undefined ? {} : { sequence: String(event.sequence) }),
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
    data: event.data,
  };
}

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(eventDataSchemas, type);
}

const envelopeSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'expected a UUID'),
  source: z.string().min(1).max(200),
  type: z.string().min(1).max(100),
  subject: z.string().min(1).max(100),
  time: z.iso.datetime({ offset: true }),
  datacontenttype: z.literal('application/json'),
  dataschema: z.string().min(1).max(200),
  sequence: z
    .string()
    .regex(/^\d{1,10}$/)
    .optional(),
  traceparent: z.string().max(100).optional(),
  redrive: z.string().max(40).optional(),
  data: z.unknown(),
});

export type ParsedEvent = { ok: true; event: SoukEvent } | { ok: false; reason: string };

/**
 * Reads a message's body. Every reason for refusal is one sentence that is fit for the header `x-dead-letter-reason`:
 * not JSON, not a CloudEvent, an unknown type, a version from the future, a forged source, data that breaks the schema.
 */
export function parseEvent(body: Uint8Array | string): ParsedEvent {
  let json: unknown;
  try {
    json = JSON.parse(typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return { ok: false, reason: 'the body is not UTF-8 JSON' };
  }
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) return { ok: false, reason: `not a CloudEvents 1.0 document: ${firstIssue(envelope.error)}` };
  const { type, dataschema, source } = envelope.data;
  if (!isEventType(type)) return { ok: false, reason: `unknown type ${type}` };
  if (source !== `/${EVENTS[type].producer}`)
    return { ok: false, reason: `${type} comes from /${EVENTS[type].producer}, found ${source}` };
  if (dataschema !== `/schemas/${type}/v${EVENT_VERSION}`) {
    return { ok: false, reason: `unknown version: expected /schemas/${type}/v${EVENT_VERSION}, found ${dataschema}` };
  }
  const data = eventDataSchemas[type].safeParse(envelope.data.data);
  if (!data.success) return { ok: false, reason: `data of ${type} breaks its schema: ${firstIssue(data.error)}` };
  return { ok: true, event: { ...envelope.data, data: data.data } as SoukEvent };
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? `/${issue.path.join('/')}: ${issue.message}` : 'no detail';
}

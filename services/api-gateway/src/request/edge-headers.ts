/**
 * The only header fields of a client that reach a service. An allowlist, because what a client may claim to be is an open
 * list: X-User-Id, X-Internal-*, Forwarded, X-Real-IP, X-Original-URL, X-HTTP-Method-Override and whatever comes next end
 * here. Hop-by-hop fields are not on it either (RFC 9110 section 7.6.1).
 */
const PASSED: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-language',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-event-id',
  'origin',
  'range',
  'stripe-signature',
  'tracestate',
  'user-agent',
]);

/** Hop-by-hop fields of an answer; `connection` may name more. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export interface EdgeFacts {
  requestId: string;
  traceparent: string;
  /** The client's address as the gateway knows it. */
  address: string;
  /** The Host that the client named. */
  host: string;
}

/** The request's header fields for the service, as undici's flat array. Repeated fields stay repeated: refusing them is the service's part. */
export function toUpstreamHeaders(
  rawHeaders: readonly string[],
  connection: string | undefined,
  facts: EdgeFacts,
): string[] {
  const dropped = listedIn(connection);
  const headers: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (PASSED.has(name) && !dropped?.has(name)) headers.push(name, rawHeaders[index + 1] ?? '');
  }
  headers.push('x-request-id', facts.requestId, 'traceparent', facts.traceparent);
  headers.push('x-forwarded-for', facts.address, 'x-forwarded-host', facts.host);
  return headers;
}

export type AnswerHeaders = Record<string, string | string[]>;

/** The answer's header fields for the client, without what belongs to the connection to the service. */
export function toClientHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): AnswerHeaders {
  const listed = listedIn(typeof headers.connection === 'string' ? headers.connection : undefined);
  const kept: AnswerHeaders = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !HOP_BY_HOP.has(name) && !listed?.has(name)) kept[name] = value;
  }
  return kept;
}

/** The fields that a Connection header names; undefined for the usual values, which name none. */
function listedIn(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

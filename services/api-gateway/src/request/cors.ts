import type { OutgoingHttpHeaders } from 'node:http';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const REQUEST_HEADERS =
  'authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, traceparent, x-request-id';
/** What a page may read beyond the few simple fields. */
const EXPOSED =
  'ETag, Idempotent-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id';
const PREFLIGHT_MAX_AGE_SECONDS = 600;

/** Which pages of other origins may call (Fetch standard, section 3.3). */
export interface Cors {
  /** Adds the fields for an answer to `origin`; none where it is not on the list. */
  decorate(headers: OutgoingHttpHeaders, origin: string | undefined): void;
  /** The same for the answer to a preflight that asks for `method`. */
  decoratePreflight(headers: OutgoingHttpHeaders, origin: string | undefined, method: string | undefined): void;
}

/** Origins are compared whole: neither `null` nor a suffix of a listed one ever matches. */
export function createCors(origins: readonly string[]): Cors {
  const allowed = new Set(origins);
  const isAllowed = (origin: string | undefined): origin is string => origin !== undefined && allowed.has(origin);
  return {
    decorate(headers, origin) {
      if (allowed.size === 0) return;
      headers.vary = headers.vary === undefined ? 'Origin' : `${String(headers.vary)}, Origin`;
      if (!isAllowed(origin)) return;
      headers['access-control-allow-origin'] = origin;
      headers['access-control-expose-headers'] = EXPOSED;
    },
    decoratePreflight(headers, origin, method) {
      if (!isAllowed(origin) || method === undefined || !METHODS.has(method)) return;
      headers['access-control-allow-methods'] = [...METHODS].join(', ');
      headers['access-control-allow-headers'] = REQUEST_HEADERS;
      headers['access-control-max-age'] = String(PREFLIGHT_MAX_AGE_SECONDS);
    },
  };
}

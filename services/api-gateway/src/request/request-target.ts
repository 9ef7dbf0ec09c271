import { Refusal } from '@souk/contracts';
import { isHostileTarget, TARGET_LENGTH_MAX, toOriginForm } from '@souk/http';

/** Where a request goes, both parts as they came: what is passed on is built from these, never from a decoded form. */
export interface RequestTarget {
  path: string;
  /** With the question mark; empty where there is none. */
  query: string;
}

/** RFC 3986 section 3.2 without user info. */
const AUTHORITY = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;
const CURRENT_VERSION = '/api/v1';
/** `/api/<resource>`, unless the resource is a version already. */
const WITHOUT_VERSION = /^\/api\/(?!v\d+(?:\/|$))/;

/** Throws a Refusal 400, 414 or 421: what a parser would refuse, before anything is looked up. */
export function parseRequestTarget(rawTarget: string, host: string | undefined): RequestTarget {
  if (rawTarget.length > TARGET_LENGTH_MAX) {
    throw new Refusal('uri-too-long', `Expected a request target of at most ${TARGET_LENGTH_MAX} characters`);
  }
  if (host !== undefined && host !== '' && !AUTHORITY.test(host)) {
    throw new Refusal('invalid-request', 'Expected a Host header with a valid authority');
  }
  const target = toOriginForm(rawTarget, host);
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  if (isHostileTarget(path)) {
    throw new Refusal('malformed', 'Expected a path without dot segments, backslashes or encoded separators');
  }
  return { path, query: question === -1 ? '' : target.slice(question) };
}

/** `/api/products` is `/api/v1/products`; every other path stays as it is. */
export function withVersion(path: string): string {
  return WITHOUT_VERSION.test(path) ? CURRENT_VERSION + path.slice('/api'.length) : path;
}

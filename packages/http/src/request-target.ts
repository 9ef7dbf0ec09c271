import { Refusal } from '@souk/contracts';
import { checkContentLength } from './body.ts';
import type { HttpRequest } from './http-request.ts';
import { readBody } from './request-parsing.ts';

export const TARGET_LENGTH_MAX = 8192;
export const HEADERS_MAX = 100;

/**
 * What a parser would refuse comes before everything else: a target that is too long or hides another, a body over the
 * limit. A chunked body says its length only at its end, so it is read here; all others cost nothing.
 */
export function checkAheadOfRouting(request: HttpRequest): Promise<unknown> | undefined {
  if (request.rawUrl.length > TARGET_LENGTH_MAX) {
    throw new Refusal('uri-too-long', `Expected a request target of at most ${TARGET_LENGTH_MAX} characters`);
  }
  if (request.incoming !== undefined) toOriginForm(request.incoming.url ?? '/', request.incoming.headers.host);
  // Node itself drops what is beyond its own limit without a word; names and values alternate.
  if ((request.incoming?.rawHeaders.length ?? 0) > 2 * HEADERS_MAX) {
    throw new Refusal('header-too-large', `Expected at most ${HEADERS_MAX} header fields`);
  }
  checkContentLength(request.headers.get('content-length'));
  if (isHostileTarget(request.path)) {
    throw new Refusal('malformed', 'Expected a path without dot segments, backslashes or encoded separators');
  }
  return request.headers.get('transfer-encoding') === undefined ? undefined : readBody(request);
}

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/is;
/** RFC 9112 section 3.2: visible ASCII. Node's parser lets other bytes pass. */
const VISIBLE_ASCII = /^[\x21-\x7e]*$/;

/**
 * The target as path and query. RFC 9112 section 3.2.2: an absolute form is served too, but only for the authority that
 * Host names: no open proxy. Throws a Refusal `malformed` or `misdirected`.
 */
export function toOriginForm(rawTarget: string, host: string | undefined): string {
  const target = rawTarget.startsWith('/') || rawTarget === '*' ? rawTarget : fromAbsoluteForm(rawTarget, host);
  if (!VISIBLE_ASCII.test(target) || target.includes('#')) {
    throw new Refusal('malformed', 'Expected a request target of visible ASCII characters without a fragment');
  }
  return target;
}

function fromAbsoluteForm(target: string, host: string | undefined): string {
  const [, authority, rest = ''] = ABSOLUTE_FORM.exec(target) ?? [];
  if (authority === undefined) throw new Refusal('malformed', 'Expected a request target that begins with /');
  if (authority.toLowerCase() !== (host ?? '').toLowerCase()) {
    throw new Refusal('misdirected', 'The target names another authority than the Host header');
  }
  return rest.startsWith('/') ? rest : `/${rest}`;
}

const SUSPICIOUS = /[%\\]|\/\./;
const HOSTILE = /\\|\/\.{1,2}(?:\/|$)|%(?:2e|2f|5c|00)|%(?![0-9a-f]{2})/i;

/** Dot segments, backslashes, encoded dots and separators, NUL, broken escapes, overlong UTF-8. */
export function isHostileTarget(path: string): boolean {
  if (!SUSPICIOUS.test(path)) return false;
  if (HOSTILE.test(path)) return true;
  try {
    decodeURIComponent(path);
    return false;
  } catch {
    return true;
  }
}

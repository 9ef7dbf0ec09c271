import type { IncomingMessage } from 'node:http';
import { RefusalWithHeaders } from '@souk/http';

const TOKEN_LENGTH_MAX = 4_096;
/** RFC 6750 section 2.1; the scheme's name is matched without regard to case (RFC 9110 section 11.1). */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** The token of the one Authorization header, never one from a query or a cookie. Throws the Refusal 401. */
export function accessTokenOf(request: IncomingMessage): string {
  const { authorization } = request.headers;
  if (authorization === undefined) throw unauthorized('Expected an Authorization header with a Bearer token', '');
  // Node keeps the first of two and hides the second.
  if (isRepeated(request.rawHeaders, 'authorization')) throw unauthorized('Expected one Authorization header');
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined || token.length > TOKEN_LENGTH_MAX) throw unauthorized('Expected one Bearer token');
  return token;
}

function unauthorized(detail: string, error = ', error="invalid_token"'): RefusalWithHeaders {
  const headers = { 'www-authenticate': `Bearer realm="souk"${error}` };
  return new RefusalWithHeaders('unauthorized', detail, { headers });
}

function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index];
    if (candidate?.length === name.length && candidate.toLowerCase() === name) count += 1;
  }
  return count > 1;
}

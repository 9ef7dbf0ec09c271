import { Refusal } from '@souk/contracts';
import type { Authenticator } from './authenticator.ts';
import type { Caller, ServiceCaller } from './caller.ts';
import type { HttpRequest } from './http-request.ts';
import { RefusalWithHeaders } from './problem.ts';
import type { ServiceTokenVerifier } from './service-token.ts';

const TOKEN_LENGTH_MAX = 4096;
/** RFC 6750 section 2.1; the scheme's name is matched without regard to case (RFC 9110 section 11.1). */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

export function unauthorized(detail: string, tokenWasSent: boolean): Refusal {
  const error = tokenWasSent ? ', error="invalid_token"' : '';
  return new RefusalWithHeaders('unauthorized', detail, {
    headers: { 'www-authenticate': `Bearer realm="souk"${error}` },
  });
}

/** The token of the one Authorization header; never one from a query or a cookie. */
export function bearerTokenOf(request: HttpRequest): string {
  const header = request.headers.get('authorization');
  if (header === undefined) throw unauthorized('Expected an Authorization header with a Bearer token', false);
  if (request.hasRepeatedHeader('authorization')) throw unauthorized('Expected one Authorization header', true);
  const token = BEARER.exec(header)?.[1];
  if (token === undefined || token.length > TOKEN_LENGTH_MAX) throw unauthorized('Expected one Bearer token', true);
  return token;
}

export interface Gatekeepers {
  authenticator: Pick<Authenticator, 'verify'> | undefined;
  serviceTokens: ServiceTokenVerifier | undefined;
}
export type AnyCaller = Caller | ServiceCaller | undefined;

export function authenticateUser(request: HttpRequest, gatekeepers: Gatekeepers): Promise<Caller> {
  const token = bearerTokenOf(request);
  if (gatekeepers.authenticator === undefined) throw new Refusal('unavailable', 'Nobody can be authenticated here');
  return gatekeepers.authenticator.verify(token);
}

export function authenticateService(request: HttpRequest, gatekeepers: Gatekeepers): Promise<ServiceCaller> {
  const token = bearerTokenOf(request);
  if (gatekeepers.serviceTokens === undefined) throw unauthorized('No service is known here', true);
  return gatekeepers.serviceTokens.verify(token);
}

export function requireAdmin(caller: Caller): void {
  if (!caller.roles.includes('admin')) throw new Refusal('forbidden', 'Expected the role admin');
}

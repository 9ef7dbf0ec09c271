import { addressKeyOf, defineRoute, type RequestContext, type RouteDefinition, reply } from '@souk/http';
import { z } from 'zod';
import type { Guard } from '../limits.ts';
import { presentedPasswordSchema } from '../passwords/password-policy.ts';
import { emailSchema } from '../users/email.ts';
import { type EndSessionDeps, logOut } from './end-session.ts';
import { type LogInDeps, logIn, type SessionOrigin } from './log-in.ts';
import { type RefreshSessionDeps, refreshSession } from './refresh-session.ts';
import { TOKENS_EXAMPLE, tokensSchema } from './tokens.ts';

export interface SessionRouteDeps {
  logIn: LogInDeps;
  refresh: RefreshSessionDeps;
  end: EndSessionDeps;
  loginGuard: Guard;
}

/** Room for any token of ours, so that a token of another kind is refused as a token, not as too long a text. */
const PRESENTED_TOKEN_LENGTH_MAX = 4096;

const loginSchema = z.strictObject({ email: emailSchema, password: presentedPasswordSchema }).meta({ id: 'Login' });
const refreshSchema = z
  .strictObject({ refreshToken: z.string().min(1).max(PRESENTED_TOKEN_LENGTH_MAX) })
  .meta({ id: 'Refresh' });

export function toOrigin(request: RequestContext): SessionOrigin {
  return { userAgent: request.userAgent, address: request.address, addressKey: addressKeyOf(request.address) };
}

const NO_STORE = { 'cache-control': 'private, no-store' };

export function sessionRoutes(deps: SessionRouteDeps): RouteDefinition[] {
  return [loginRoute(deps), refreshRoute(deps), logoutRoute(deps)];
}

function loginRoute(deps: SessionRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/users/login',
    access: 'anyone',
    operationId: 'logIn',
    summary: 'Log in',
    description:
      'A wrong password, an unknown e-mail address and a disabled account answer the same, in the same time.',
    tags: ['Sessions'],
    body: loginSchema,
    bodyExample: { email: 'customer@souk.example', password: 'correct-horse-battery' },
    limits: [deps.loginGuard.address],
    responses: { 200: { description: 'A new session', schema: tokensSchema, example: TOKENS_EXAMPLE } },
    problems: ['invalid-credentials', 'rate-limited', 'unavailable'],
    handler: async ({ body, request }) => {
      const command = { email: body.email, password: body.password, origin: toOrigin(request), signal: request.signal };
      return reply.ok(await logIn(deps.logIn, command), { headers: NO_STORE });
    },
  });
}

function refreshRoute(deps: SessionRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/users/refresh',
    access: 'anyone',
    operationId: 'refreshSession',
    summary: 'Exchange a refresh token for new tokens',
    description:
      'A refresh token works once. Presented again within 10 seconds it answers the same successor, as long as that is unused; any other replay ends the session.',
    tags: ['Sessions'],
    body: refreshSchema,
    bodyExample: { refreshToken: 'q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80' },
    responses: {
      200: { description: 'The next tokens of the session', schema: tokensSchema, example: TOKENS_EXAMPLE },
    },
    problems: ['invalid-refresh-token', 'unavailable'],
    handler: async ({ body, request }) => {
      const command = { refreshToken: body.refreshToken, origin: toOrigin(request) };
      return reply.ok(await refreshSession(deps.refresh, command), { headers: NO_STORE });
    },
  });
}

function logoutRoute(deps: SessionRouteDeps): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/users/logout',
    access: 'user',
    operationId: 'logOut',
    summary: 'End the session of the presented token',
    tags: ['Sessions'],
    responses: { 204: { description: 'The tokens of the session are dead' } },
    problems: ['unavailable'],
    handler: async ({ caller }) => {
      await logOut(deps.end, caller);
      return reply.noContent();
    },
  });
}

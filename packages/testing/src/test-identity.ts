import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { v7 as newUuid } from 'uuid';

const POLL_MS_DEFAULT = 500;
const KEY_ID = 'test-key';

export interface TestTokenClaims {
  userId?: string;
  sessionId?: string;
  email?: string;
  roles?: ('customer' | 'admin')[];
  /** 600 by default; negative for a token that has expired. */
  expiresInSeconds?: number;
  /** Claims that replace or add to the usual ones, for tokens that must be refused. */
  claims?: Record<string, unknown>;
}

export interface TestIdentity {
  /** What a service under test takes as USER_SERVICE_URL. */
  url: string;
  issuer: string;
  audience: string;
  /** An access token as user-service issues them. */
  token(claims?: TestTokenClaims): Promise<string>;
  /** Ends a session for every verifier. */
  revoke(sessionId: string): void;
  stop(): Promise<void>;
}

interface Revocations {
  pollMs: number;
  items: { sessionId: string; at: string }[];
  waiting: Set<() => void>;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function answerRevocations(
  request: IncomingMessage,
  response: ServerResponse,
  state: Revocations,
): Promise<void> {
  const after = Number(new URL(request.url ?? '/', 'http://localhost').searchParams.get('after') ?? '0');
  if (state.items.length <= after) {
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        state.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, state.pollMs);
      state.waiting.add(wake);
    });
  }
  if (!response.destroyed) answer(response, 200, { items: state.items.slice(after), next: String(state.items.length) });
}

/**
 * The part of user-service that verifiers talk to (keys and revocations), with keys of its own, so that a service can
 * be tested without it. A poll for revocations without news is answered after `pollMs`, 500 by default.
 */
export async function startTestIdentity({ pollMs = POLL_MS_DEFAULT } = {}): Promise<TestIdentity> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'ES256', use: 'sig' };
  const issuer = 'https://souk.example';
  const audience = 'souk';
  const revocations: Revocations = { pollMs, items: [], waiting: new Set() };

  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/.well-known/jwks.json') answer(response, 200, { keys: [key] });
    else if (path === '/internal/revocations') void answerRevocations(request, response, revocations);
    else answer(response, 404, {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    issuer,
    audience,
    token: async ({ userId = newUuid(), sessionId = newUuid(), ...rest } = {}) => {
      const now = Math.floor(Date.now() / 1_000);
      const email = rest.email ?? 'someone@souk.example';
      const claims = {
        iss: issuer,
        aud: audience,
        sub: userId,
        sid: sessionId,
        jti: randomUUID(),
        iat: now,
        exp: now + (rest.expiresInSeconds ?? 600),
        roles: rest.roles ?? ['customer'],
        email,
        ...rest.claims,
      };
      return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: KEY_ID }).sign(privateKey);
    },
    revoke: (sessionId) => {
      revocations.items.push({ sessionId, at: new Date().toISOString() });
      for (const wake of [...revocations.waiting]) wake();
    },
    stop: async () => {
      for (const wake of [...revocations.waiting]) wake();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export interface ServiceTokenOptions {
  from: string;
  to: string;
  secret: string;
  expiresInSeconds?: number;
}

/** A token by which one service calls another's /internal routes. */
export async function issueServiceToken({
  from,
  to,
  secret,
  expiresInSeconds = 60,
}: ServiceTokenOptions): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ iss: from, aud: to, iat: now, exp: now + expiresInSeconds })
    .setProtectedHeader({ alg: 'HS256', typ: 'service+jwt' })
    .sign(new TextEncoder().encode(secret));
}

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';
import { v7 } from 'uuid';

export const ISSUER = 'https://souk.example';
export const AUDIENCE = 'souk';

interface SigningKey {
  kid: string;
  alg: 'EdDSA' | 'ES256';
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

export async function createSigningKey(kid: string, alg: SigningKey['alg'] = 'EdDSA'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicKey };
}

export function aClaimSet(claims: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  const usual = { iss: ISSUER, aud: AUDIENCE, sub: v7(), sid: v7(), jti: v7(), iat: now, exp: now + 600 };
  return { ...usual, roles: ['customer'], email: 'someone@souk.example', ...claims };
}

export async function signToken(
  key: SigningKey,
  claims: Record<string, unknown> = {},
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  return await new SignJWT(aClaimSet(claims))
    .setProtectedHeader({ alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header })
    .sign(key.privateKey);
}

export async function publicPem(key: SigningKey): Promise<string> {
  return await exportSPKI(key.publicKey);
}

/** user-service as verifiers see it, with switches for its faults. */
export class IdentityStub {
  keys: SigningKey[] = [];
  revoked: string[] = [];
  keyFetches = 0;
  isDown = false;
  /** Answers go on after so many sessions. */
  pageItemsMax = Number.POSITIVE_INFINITY;
  waiting = new Set<() => void>();
  readonly server: Server;

  constructor() {
    this.server = createServer(async (request, response) => {
      const answer = (status: number, body: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (this.isDown) return void request.socket.destroy();
      const url = new URL(request.url ?? '/', 'http://localhost');
      if (url.pathname === '/.well-known/jwks.json') {
        this.keyFetches += 1;
        const jwks = this.keys.map(async (key) => ({
          ...(await exportJWK(key.publicKey)),
          kid: key.kid,
          alg: key.alg,
        }));
        return void answer(200, { keys: await Promise.all(jwks) });
      }
      const after = Number(url.searchParams.get('after') ?? '0');
      if (after >= this.revoked.length) await this.#news();
      if (this.isDown) return void request.socket.destroy();
      const told = this.revoked.slice(after, after + this.pageItemsMax);
      const items = told.map((sessionId) => ({ sessionId, at: new Date().toISOString() }));
      const next = after + items.length;
      answer(200, { items, next: String(next), more: next < this.revoked.length });
    });
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, 500);
      this.waiting.add(wake);
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  revoke(sessionId: string): void {
    this.revoked.push(sessionId);
    for (const wake of [...this.waiting]) wake();
  }

  fail(): void {
    this.isDown = true;
    this.server.closeAllConnections();
  }

  async stop(): Promise<void> {
    for (const wake of [...this.waiting]) wake();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

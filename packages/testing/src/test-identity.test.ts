import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueServiceToken, startTestIdentity, type TestIdentity } from './test-identity.ts';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startTestIdentity();
});
afterAll(() => identity.stop());

const revocations = async (after: string, { url } = identity) =>
  (await (await fetch(`${url}/internal/revocations?after=${after}`)).json()) as {
    items: { sessionId: string }[];
    next: string;
  };

describe('the identity of tests', () => {
  it('issues access tokens that its keys verify', async () => {
    const token = await identity.token({ userId: 'u', sessionId: 's', roles: ['admin'], email: 'a@b.example' });
    const keys = createRemoteJWKSet(new URL(`${identity.url}/.well-known/jwks.json`));
    const { issuer, audience } = identity;
    const { payload } = await jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] });
    expect(payload).toMatchObject({ sub: 'u', sid: 's', roles: ['admin'], email: 'a@b.example' });
  });

  it('issues tokens that must be refused too', async () => {
    const token = await identity.token({ expiresInSeconds: -10, claims: { aud: 'other' } });
    const keys = createRemoteJWKSet(new URL(`${identity.url}/.well-known/jwks.json`));
    await expect(jwtVerify(token, keys)).rejects.toThrow(/exp/);
  });

  it('tells of a revocation at once', async () => {
    const patient = await startTestIdentity({ pollMs: 3_600_000 });
    const waiting = revocations('0', patient);
    patient.revoke('session-1');
    expect((await waiting).items).toMatchObject([{ sessionId: 'session-1' }]);
    await patient.stop();
  });

  it('says after half a second that nothing was revoked', async () => {
    expect(await revocations('0')).toEqual({ items: [], next: '0' });
  });

  it('issues service tokens', async () => {
    const secret = 's'.repeat(32);
    const token = await issueServiceToken({ from: 'order-service', to: 'product-service', secret });
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'HS256', typ: 'service+jwt' });
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret));
    expect(payload).toMatchObject({ iss: 'order-service', aud: 'product-service' });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(60);
  });
});

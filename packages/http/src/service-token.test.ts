import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { createServiceTokenSigner, createServiceTokenVerifier } from './service-token.ts';

const SECRET = 'a secret of at least thirty-two bytes';
let nowMs = Date.now();
const verifier = createServiceTokenVerifier({
  secret: SECRET,
  audience: 'product-service',
  now: () => new Date(nowMs),
});

interface Forgery {
  claims?: Record<string, unknown>;
  header?: { alg?: string; typ?: string };
  secret?: string;
}

async function aToken({ claims, header, secret = SECRET }: Forgery = {}): Promise<string> {
  const now = Math.floor(nowMs / 1000);
  return await new SignJWT({ iss: 'order-service', aud: 'product-service', iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'service+jwt', ...header })
    .sign(new TextEncoder().encode(secret));
}

const now = Math.floor(nowMs / 1000);

describe('a service token', () => {
  test('names the calling service, first and again', async () => {
    const token = await aToken();
    expect(await verifier.verify(token)).toEqual({ service: 'order-service' });
    expect(await verifier.verify(token)).toEqual({ service: 'order-service' });
  });

  test.each<[string, Forgery]>([
    ['for another service', { claims: { aud: 'payment-service' } }],
    ['for several services', { claims: { aud: ['product-service', 'payment-service'] } }],
    ['for one service in a list', { claims: { aud: ['product-service'] } }],
    ['without an audience', { claims: { aud: undefined } }],
    ['without an issuer', { claims: { iss: undefined } }],
    ['of an issuer that is no service', { claims: { iss: 'Order Service' } }],
    ['without exp', { claims: { exp: undefined } }],
    ['without iat', { claims: { iat: undefined } }],
    ['for longer than 60 s', { claims: { exp: now + 61 } }],
    ['for a year, issued in the future', { claims: { iat: now + 31_536_000, exp: now + 31_536_060 } }],
    ['that ends before it begins', { claims: { exp: now - 1 } }],
    ['that has expired', { claims: { iat: now - 120, exp: now - 60 } }],
    ['of the type of an access token', { header: { typ: 'at+jwt' } }],
    ['of the type JWT', { header: { typ: 'JWT' } }],
    ['by another algorithm', { header: { alg: 'HS512' }, secret: 'x'.repeat(64) }],
    ['by another algorithm and the right secret', { header: { alg: 'HS384' } }],
    ['with another secret', { secret: 'another secret of thirty-two bytes' }],
  ])('%s is refused', async (_name, forgery) => {
    await expect(verifier.verify(await aToken(forgery))).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test.each(['', 'a.b.c', 'e30.e30.'])('as the text %j is refused', async (token) => {
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('without a signature is refused', async () => {
    const [, payload] = (await aToken()).split('.');
    const head = Buffer.from('{"alg":"none","typ":"service+jwt"}').toString('base64url');
    await expect(verifier.verify(`${head}.${payload}.`)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('ends with its time, also when it was verified before', async () => {
    const token = await aToken();
    expect(await verifier.verify(token)).toEqual({ service: 'order-service' });
    nowMs += 66_000;
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'unauthorized' });
    nowMs -= 66_000;
  });

  test('is signed once and used for most of its life, one for each callee', async () => {
    const sign = createServiceTokenSigner({ secret: SECRET, issuer: 'order-service' });
    const token = await sign('product-service');
    expect(await sign('product-service')).toBe(token);
    expect(await sign('payment-service')).not.toBe(token);
    expect(await verifier.verify(token)).toEqual({ service: 'order-service' });
  });

  test('needs a secret of 32 bytes', () => {
    expect(() => createServiceTokenSigner({ secret: 'x'.repeat(31), issuer: 'order-service' })).toThrow('32 bytes');
  });
});

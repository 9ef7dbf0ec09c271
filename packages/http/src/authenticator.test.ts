import { createHmac } from 'node:crypto';
import { Refusal } from '@souk/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { aClaimSet, createSigningKey, IdentityStub, publicPem, signToken } from '../test/identity.ts';
import { verifyAccessToken } from './access-token.ts';
import { type Authenticator, createAuthenticator } from './authenticator.ts';
import { createServiceTokenSigner, createServiceTokenVerifier } from './service-token.ts';

const silent = { info() {}, warn() {}, error() {}, debug() {} } as never;

let identity: IdentityStub;
let authenticator: Authenticator;
let key: Awaited<ReturnType<typeof createSigningKey>>;
let ecKey: typeof key;

beforeAll(async () => {
  identity = new IdentityStub();
  key = await createSigningKey('key-1');
  ecKey = await createSigningKey('key-2', 'ES256');
  identity.keys = [key, ecKey];
  authenticator = await startAuthenticator(await identity.start());
});
afterAll(async () => {
  await authenticator.stop();
  await identity.stop();
});

async function startAuthenticator(userServiceUrl: string, options: { staleAfterMs?: number; now?: () => Date } = {}) {
  const { now = () => new Date(), ...rest } = options;
  const clock = { now };
  const created = createAuthenticator({
    userServiceUrl,
    issuer: 'https://souk.example',
    audience: 'souk',
    logger: silent,
    clock,
    ...rest,
  });
  await created.start();
  await vi.waitFor(() => expect(created.ready()).toBe(true), { timeout: 10_000, interval: 10 });
  return created;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof Refusal ? error.code : `thrown: ${String(error)}`),
  );
}

function encode(part: unknown): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

describe('a valid access token', () => {
  test('names its caller, by EdDSA and by ES256', async () => {
    for (const signing of [key, ecKey]) {
      const token = await signToken(signing, { roles: ['customer', 'admin'], email: 'a@souk.example' });
      const caller = await authenticator.verify(token);
      expect(caller).toMatchObject({ roles: ['customer', 'admin'], email: 'a@souk.example' });
      expect(await authenticator.verify(token)).toBe(caller);
    }
  });

  test('ends with its expiry, also when it was verified before', async () => {
    let nowMs = Date.now();
    const other = await startAuthenticator(urlOf(identity), { now: () => new Date(nowMs) });
    const token = await signToken(key);
    expect(await codeOf(other.verify(token))).toBe('accepted');
    nowMs += 602_000;
    expect(await codeOf(other.verify(token))).toBe('unauthorized');
    await other.stop();
  });
});

describe('a token that says itself that it has expired', () => {
  test('is refused before anybody looks for its key', async () => {
    const past = Math.floor(Date.now() / 1000) - 60;
    const token = await signToken(key, { iat: past - 600, exp: past });
    const asked: string[] = [];
    const find = async (keyId: string) => void asked.push(keyId);
    const options = { keys: { find: find as never }, issuer: 'https://souk.example', audience: 'souk' };
    expect(await verifyAccessToken(token, { ...options, now: new Date() })).toBeUndefined();
    expect(asked).toEqual([]);
    expect(await verifyAccessToken(token, { ...options, now: new Date((past - 10) * 1000) })).toBeUndefined();
    expect(asked).toEqual(['key-1']);
  });
});

describe('a forged access token is refused', () => {
  test.each(['none', 'None', 'nOnE', ''])('with alg %j and no signature', async (alg) => {
    const head = encode({ alg, typ: 'at+jwt', kid: 'key-1' });
    for (const signature of ['', 'x']) {
      expect(await codeOf(authenticator.verify(`${head}.${encode(aClaimSet())}.${signature}`))).toBe('unauthorized');
    }
  });

  test('with HS256 over our public key, in every form the key has', async () => {
    const pem = await publicPem(ecKey);
    const raw = Buffer.from(await crypto.subtle.exportKey('raw', key.publicKey as never));
    const jwk = JSON.stringify(await crypto.subtle.exportKey('jwk', key.publicKey as never));
    for (const secret of [pem, pem.trim(), raw, jwk]) {
      for (const kid of ['key-1', 'key-2']) {
        const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid })}.${encode(aClaimSet())}`;
        const signature = createHmac('sha256', secret).update(input).digest('base64url');
        expect(await codeOf(authenticator.verify(`${input}.${signature}`))).toBe('unauthorized');
      }
    }
  });

  test('with another kid than the key that signed it', async () => {
    expect(await codeOf(authenticator.verify(await signToken(key, {}, { kid: 'key-2' })))).toBe('unauthorized');
    expect(await codeOf(authenticator.verify(await signToken(key, {}, { alg: 'EdDSA', kid: 'key-2' })))).toBe(
      'unauthorized',
    );
  });

  test.each([['../../dev/null'], ["' OR 1=1--"], ['k'.repeat(300)], [7], [null], [undefined], [{}], ['__proto__']])(
    'with kid %j, without asking the issuer more than once',
    async (kid) => {
      const before = identity.keyFetches;
      const head = encode({ alg: 'EdDSA', typ: 'at+jwt', kid });
      const token = `${head}.${encode(aClaimSet())}.${encode('x'.repeat(64))}`;
      for (let count = 0; count < 20; count += 1)
        expect(await codeOf(authenticator.verify(token))).toBe('unauthorized');
      expect(identity.keyFetches - before).toBeLessThanOrEqual(1);
    },
  );

  test('with a key that it brings along itself', async () => {
    const own = await createSigningKey('own');
    const jwk = await crypto.subtle.exportKey('jwk', own.publicKey as never);
    const token = await signToken(own, {}, { jwk: jwk as never, kid: 'key-1', jku: 'http://127.0.0.1/keys' } as never);
    expect(await codeOf(authenticator.verify(token))).toBe('unauthorized');
  });

  const now = Math.floor(Date.now() / 1000);
  test.each([
    ['no exp', { exp: undefined }],
    ['exp as a string', { exp: String(now + 600) }],
    ['a negative exp', { exp: -1 }],
    ['exp past the tolerance', { exp: now - 6, iat: now - 600 }],
    ['exp too far away', { exp: now + 90_000 }],
    ['exp as a fraction', { exp: now + 600.5 }],
    ['no iat', { iat: undefined }],
    ['iat in the future', { iat: now + 60 }],
    ['nbf in the future', { nbf: now + 60 }],
    ['no sub', { sub: undefined }],
    ['sub that is no id', { sub: "' OR 1=1--" }],
    ['sub as an object', { sub: { not: '' } }],
    ['no sid', { sid: undefined }],
    ['no jti', { jti: undefined }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['an issuer of many', { iss: ['https://souk.example'] }],
    ['another audience', { aud: 'order-service' }],
    ['an audience of many', { aud: ['souk', 'order-service'] }],
    ['an unknown role', { roles: ['customer', 'root'] }],
    ['roles as a string', { roles: 'admin' }],
    ['no roles', { roles: [] }],
  ])('with %s', async (_name, claims) => {
    expect(await codeOf(authenticator.verify(await signToken(key, claims as never)))).toBe('unauthorized');
  });

  test('with exp 1e999, which is Infinity once it is parsed', async () => {
    const claims = JSON.stringify(aClaimSet({ exp: 'EXP' })).replace('"EXP"', '1e999');
    const input = `${encode({ alg: 'EdDSA', typ: 'at+jwt', kid: 'key-1' })}.${encode(claims)}`;
    const signature = await crypto.subtle.sign('Ed25519', key.privateKey as never, Buffer.from(input));
    expect(await codeOf(authenticator.verify(`${input}.${Buffer.from(signature).toString('base64url')}`))).toBe(
      'unauthorized',
    );
  });

  test.each(['JWT', 'rt+jwt', 'service+jwt', undefined])('with typ %j', async (typ) => {
    expect(await codeOf(authenticator.verify(await signToken(key, {}, { typ: typ as never })))).toBe('unauthorized');
  });

  test.each(['', 'a', 'a.b', 'a.b.c', '..', 'e30.e30.e30', 'x.y.z'])('as the text %j', async (token) => {
    expect(await codeOf(authenticator.verify(token))).toBe('unauthorized');
  });

  test('when it is a service token, and the other way round', async () => {
    const secret = 's'.repeat(32);
    const service = await createServiceTokenSigner({ secret, issuer: 'order-service' })('souk');
    expect(await codeOf(authenticator.verify(service))).toBe('unauthorized');
    const services = createServiceTokenVerifier({ secret, audience: 'product-service', now: () => new Date() });
    expect(await codeOf(services.verify(await signToken(key, { aud: 'product-service' })))).toBe('unauthorized');
    expect(await codeOf(services.verify(service))).toBe('unauthorized');
    const right = await createServiceTokenSigner({ secret, issuer: 'order-service' })('product-service');
    expect(await services.verify(right)).toEqual({ service: 'order-service' });
  });
});

describe('a revoked session', () => {
  test('is refused soon, also for tokens verified before, and its listeners hear of it', async () => {
    const heard: string[] = [];
    const stop = authenticator.onRevoked((sessionId) => heard.push(sessionId));
    const claims = aClaimSet();
    const token = await signToken(key, claims);
    expect(await codeOf(authenticator.verify(token))).toBe('accepted');
    identity.revoke(String(claims.sid));
    await vi.waitFor(async () => expect(await codeOf(authenticator.verify(token))).toBe('unauthorized'), 10_000);
    expect(authenticator.isRevoked(String(claims.sid))).toBe(true);
    expect(heard).toEqual([claims.sid]);
    stop();
  });
});

describe('revocations that come in pages', () => {
  test('are all known before anybody is let in', async () => {
    const stub = new IdentityStub();
    stub.keys = [key];
    const claims = Array.from({ length: 7 }, () => aClaimSet());
    stub.revoked = claims.map(({ sid }) => String(sid));
    stub.pageItemsMax = 2;
    const paged = await startAuthenticator(await stub.start());
    for (const claim of claims) expect(paged.isRevoked(String(claim.sid))).toBe(true);
    await paged.stop();
    await stub.stop();
  });
});

describe('while user-service is down', () => {
  let stub: IdentityStub;
  beforeEach(async () => {
    stub = new IdentityStub();
    stub.keys = [key];
    return async () => await stub.stop();
  });

  test('known keys go on verifying, until nobody has heard of revocations for too long', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const verifier = await startAuthenticator(await stub.start());
    const token = await signToken(key);
    stub.fail();
    vi.advanceTimersByTime(9_000);
    expect(await codeOf(verifier.verify(token))).toBe('accepted');
    expect(await codeOf(verifier.verify(await signToken(key)))).toBe('accepted');
    vi.advanceTimersByTime(1_001);
    expect(await codeOf(verifier.verify(token))).toBe('unavailable');
    expect(verifier.ready()).toBe(true);
    stub.isDown = false;
    await vi.waitFor(async () => expect(await codeOf(verifier.verify(token))).toBe('accepted'), 10_000);
    vi.useRealTimers();
    await verifier.stop();
  });

  test('a verifier that has never had an answer is not ready and says unavailable', async () => {
    stub.isDown = true;
    const url = await stub.start();
    const verifier = createAuthenticator({
      userServiceUrl: url,
      issuer: 'https://souk.example',
      audience: 'souk',
      logger: silent,
      clock: { now: () => new Date() },
    });
    await verifier.start();
    expect(verifier.ready()).toBe(false);
    expect(await codeOf(verifier.verify(await signToken(key)))).toBe('unavailable');
    await verifier.stop();
  });
});

test('a token of a new key is accepted as soon as the issuer publishes the key, and none of a key that is gone', async () => {
  const stub = new IdentityStub();
  stub.keys = [key];
  vi.useFakeTimers({ toFake: ['performance'] });
  const verifier = await startAuthenticator(await stub.start());
  const old = await signToken(key);
  expect(await codeOf(verifier.verify(old))).toBe('accepted');
  const next = await createSigningKey('key-next');
  stub.keys = [next];
  vi.advanceTimersByTime(10_001);
  // The revocations were last heard of before that leap of time.
  await vi.waitFor(async () => expect(await codeOf(verifier.verify(await signToken(next)))).toBe('accepted'), 10_000);
  expect(await codeOf(verifier.verify(old))).toBe('unauthorized');
  vi.useRealTimers();
  await verifier.stop();
  await stub.stop();
});

function urlOf(stub: IdentityStub): string {
  const address = stub.server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

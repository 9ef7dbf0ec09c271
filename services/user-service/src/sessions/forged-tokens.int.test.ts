import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { issueServiceToken } from '@souk/testing';
import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, startUserService, type UserServiceUnderTest } from '../../test/user-service-under-test.ts';

let souk: UserServiceUnderTest;
let person: Person;
let publicJwk: JsonWebKey & { kid: string };
beforeAll(async () => {
  souk = await startUserService();
  person = await souk.person({ admin: true });
  publicJwk = (await souk.call('GET', '/.well-known/jwks.json')).body.keys[0];
});
afterAll(() => souk.stop());

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const statusOf = async (token: string) => (await souk.call('GET', '/api/v1/users/me', { token })).status;

/** Correctly signed by a key of ours, so that only the claims or the header are wrong. */
async function signed(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
  const { createSealer } = await import('@souk/http');
  const { rows } = await souk.database.pool.query('SELECT id, private_sealed FROM signing_keys');
  const sealer = createSealer({ secret: souk.service.context.config.internalSecret, purpose: 'signing-keys' });
  const key = await importJWK(JSON.parse(await sealer.open(rows[0].private_sealed)), 'ES256');
  const genuine = decodeJwt(person.token);
  const payload = Object.fromEntries(
    Object.entries({ ...genuine, ...claims }).filter(([, value]) => value !== undefined),
  );
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: rows[0].id, ...header }).sign(key);
}
const now = () => Math.floor(Date.now() / 1000);

describe('a forged access token', () => {
  it('is told from a genuine one', async () => {
    expect(await statusOf(await signed({}))).toBe(200);
  });

  it.each([['none'], ['None'], ['nOnE'], ['']])('with alg %j is refused', async (alg) => {
    const { kid } = decodeProtectedHeader(person.token);
    const head = base64url({ alg, typ: 'at+jwt', kid });
    const [, payload, signature] = person.token.split('.');
    expect(await statusOf(`${head}.${payload}.`)).toBe(401);
    expect(await statusOf(`${head}.${payload}.${signature}`)).toBe(401);
  });

  it('with an empty or foreign signature is refused', async () => {
    const [head, payload] = person.token.split('.');
    expect(await statusOf(`${head}.${payload}.`)).toBe(401);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { kid } = decodeProtectedHeader(person.token);
    const foreign = await new SignJWT(decodeJwt(person.token))
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: String(kid) })
      .sign(privateKey);
    expect(await statusOf(foreign)).toBe(401);
  });

  it('of HS256 keyed with our public key is refused', async () => {
    const pem = createPublicKey({ key: publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    for (const secret of [pem, JSON.stringify(publicJwk), publicJwk.x ?? '']) {
      const content = `${base64url({ alg: 'HS256', typ: 'at+jwt', kid: publicJwk.kid })}.${person.token.split('.')[1]}`;
      const signature = createHmac('sha256', secret).update(content).digest('base64url');
      expect(await statusOf(`${content}.${signature}`)).toBe(401);
    }
  });

  it.each([['../../dev/null'], ["' OR 1=1--"], ['x'.repeat(2_000)], [7], [null], [undefined], [{}]])(
    'with kid %j is refused',
    async (kid) => {
      expect(await statusOf(await signed({}, { kid: kid as string }))).toBe(401);
    },
  );

  it.each([
    ['without exp', { exp: undefined }],
    ['with exp as text', { exp: '9999999999' as unknown as number }],
    ['with exp -1', { exp: -1 }],
    ['expired past the tolerance', { exp: now() - 6, iat: now() - 600 }],
    ['expired within the tolerance', { exp: now() - 1, iat: now() - 600 }],
    ['without iat', { iat: undefined }],
    ['from the future', { iat: now() + 3_600, exp: now() + 7_200 }],
    ['that lives for years', { exp: now() + 99_999_999 }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another audience', { aud: 'payment-service' }],
    ['for several audiences', { aud: ['souk', 'payment-service'] }],
    ['without sub', { sub: undefined }],
    ['without sid', { sid: undefined }],
    ['of a session that does not exist', { sid: '0198c0de-0000-7000-8000-00000000dead' }],
    ['with a role that does not exist', { roles: ['root'] }],
    ['with roles as text', { roles: 'admin' }],
  ])('%s is refused', async (_, claims) => {
    expect(await statusOf(await signed(claims))).toBe(401);
  });

  it.each([['JWT'], ['service+jwt'], ['rt+jwt'], [undefined]])('of type %s is refused', async (typ) => {
    expect(await statusOf(await signed({}, { typ: typ as string }))).toBe(401);
  });

  it('of a service is refused', async () => {
    const secret = souk.service.context.config.internalSecret;
    expect(await statusOf(await issueServiceToken({ from: 'order-service', to: 'user-service', secret }))).toBe(401);
  });

  it('does not travel in another way than one Bearer header', async () => {
    const tries: [string, Record<string, string>][] = [
      ['/api/v1/users/me', { authorization: `Basic ${Buffer.from(person.token).toString('base64')}` }],
      ['/api/v1/users/me', { authorization: person.token }],
      ['/api/v1/users/me', { authorization: `Bearer ${person.token}, Bearer ${person.token}` }],
      ['/api/v1/users/me', { cookie: `access_token=${person.token}` }],
      ['/api/v1/users/me', { 'x-user-id': person.user.id, 'x-user-role': 'admin' }],
    ];
    for (const [path, headers] of tries) expect((await souk.call('GET', path, { headers })).status).toBe(401);
    expect((await souk.call('GET', `/api/v1/users/me?access_token=${person.token}`)).status).not.toBe(200);
  });
});

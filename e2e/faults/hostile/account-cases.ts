import { createHmac } from 'node:crypto';
import { type HostileCase, type HostileWorld, json, UNKNOWN_ID } from './hostile-case.ts';

const base64 = (value: unknown) => Buffer.from(json(value)).toString('base64url');
const PERSON = { email: 'hostile-new@example.test', password: 'tangerine-kettle-91', name: 'New' };

/** Tokens that somebody bent; all of them name a user who exists. */
function bentTokens(token: string): [string, string][] {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const hmac = (alg: string, change: object = {}) => {
    const signed = `${base64({ ...header, alg })}.${base64({ ...claims, ...change })}`;
    return `${signed}.${createHmac('sha256', 'public').update(signed).digest('base64url')}`;
  };
  return [
    ...['none', 'None', 'nOnE', 'NONE', ''].flatMap((alg): [string, string][] => [
      [`alg ${alg}`, `${base64({ ...header, alg })}.${payload}.`],
      [`alg ${alg} with a signature`, `${base64({ ...header, alg })}.${payload}.${signature}`],
    ]),
    ['HS256', hmac('HS256')],
    ['HS512', hmac('HS512')],
    ['another algorithm of keys', `${base64({ ...header, alg: 'RS256' })}.${payload}.${signature}`],
    ...['../../dev/null', "' OR 1=1--", 'k'.repeat(9_000), 7, null, {}, ['x'], '__proto__'].map(
      (kid): [string, string] => [
        `kid ${json(kid).slice(0, 20)}`,
        `${base64({ ...header, kid })}.${payload}.${signature}`,
      ],
    ),
    ['a jwk of its own', `${base64({ ...header, jwk: { kty: 'oct', k: 'cHVibGlj' } })}.${payload}.${signature}`],
    [
      'a jku',
      `${base64({ ...header, jku: 'http://127.0.0.1:9/keys', x5u: 'http://127.0.0.1:9/' })}.${payload}.${signature}`,
    ],
    ['crit', `${base64({ ...header, crit: ['exp'] })}.${payload}.${signature}`],
    ['another payload', `${head}.${base64({ ...claims, roles: ['admin'] })}.${signature}`],
    ['no signature', `${head}.${payload}.`],
    ['two parts', `${head}.${payload}`],
    ['four parts', `${token}.x`],
    ['a cut signature', token.slice(0, -4)],
    ['a changed signature', `${head}.${payload}.${'A'.repeat(signature.length)}`],
    ['padding', `${token}=`],
    ['text', 'abc'],
    ['quotes', `"${token}"`],
    ['a comma', `${token},${token}`],
    ['JSON', '{}'],
    ['dots', '..'],
  ];
}

function tokens({ token, refreshToken }: HostileWorld): HostileCase[] {
  const ask = (title: string, headers: [string, string][], path = '/users/me'): HostileCase => ({
    title,
    method: 'GET',
    path,
    headers,
    status: 401,
    slug: 'unauthorized',
  });
  const bent = bentTokens(token).flatMap(([what, value]) => [
    ask(`a token with ${what}`, [['Authorization', `Bearer ${value}`]]),
    ask(`a token with ${what}, for orders`, [['Authorization', `Bearer ${value}`]], '/orders'),
  ]);
  return [
    ...bent,
    ask('a refresh token', [['Authorization', `Bearer ${refreshToken}`]]),
    ask('Basic', [['Authorization', `Basic ${Buffer.from('a:b').toString('base64')}`]]),
    ask('no scheme', [['Authorization', token]]),
    ask('only a scheme', [['Authorization', 'Bearer ']]),
    ask('another scheme', [['Authorization', `Token ${token}`]]),
    ask('two Authorization fields', [
      ['Authorization', `Bearer ${token}`],
      ['Authorization', `Bearer ${token}`],
    ]),
    ask('a token in the query', [], `/users/me?access_token=${token.slice(0, 40)}`),
    ask('a token in a cookie', [['Cookie', `token=${token}; access_token=${token}`]]),
    ask('identity fields', [
      ['X-User-Id', UNKNOWN_ID],
      ['X-User-Role', 'admin'],
      ['X-Internal-User', 'admin'],
      ['X-Forwarded-User', 'admin'],
      ['X-Original-URL', '/health'],
    ]),
  ];
}

function people({ refreshToken, profileEtag, strangerId }: HostileWorld): HostileCase[] {
  const register = (change: object, pointer: string): HostileCase => ({
    title: `registration with ${json(change).slice(0, 60)}`,
    method: 'POST',
    path: '/users',
    body: json({ ...PERSON, ...change }),
    status: 422,
    slug: 'validation',
    pointer,
  });
  const login = (body: unknown, status: number, slug: string): HostileCase => ({
    title: `login with ${json(body).slice(0, 60)}`,
    method: 'POST',
    path: '/users/login',
    body: json(body),
    status,
    slug,
  });
  const email = PERSON.email;
  const patch = (body: unknown, rest: Partial<HostileCase>): HostileCase => ({
    title: `PATCH /users/me ${json(body)}`,
    as: 'owner',
    method: 'PATCH',
    path: '/users/me',
    headers: [['If-Match', profileEtag]],
    body: json(body),
    status: 422,
    ...rest,
  });
  return [
    ...(['role', 'roles', 'isAdmin', 'id', 'emailVerified', 'balance', 'disabled', 'version'] as const).map((name) =>
      register({ [name]: null }, `/${name}`),
    ),
    register({ email: { not: '' } }, '/email'),
    register({ email: ['a@b.example'] }, '/email'),
    register({ email: 'no' }, '/email'),
    register({ email: `a@${'b'.repeat(250)}.example` }, '/email'),
    register({ email: 'a@b.example\n' }, '/email'),
    register({ email: 'a b@c.example' }, '/email'),
    register({ email: 'a@b@c.example' }, '/email'),
    register({ email: 'a\u0000@b.example' }, '/email'),
    register({ email: 'a@b.example, c@d.example' }, '/email'),
    register({ password: 'short' }, '/password'),
    register({ password: 'p'.repeat(129) }, '/password'),
    register({ password: 'Password1234' }, '/password'),
    register({ password: email }, '/password'),
    register({ password: email.toUpperCase() }, '/password'),
    register({ password: 123456789012 }, '/password'),
    register({ password: '😀'.repeat(11) }, '/password'),
    register({ password: 'x\u0000xxxxxxxxxxxx' }, '/password'),
    register({ password: '\ud800'.repeat(12) }, '/password'),
    register({ password: null }, '/password'),
    register({ name: '' }, '/name'),
    register({ name: 'n'.repeat(201) }, '/name'),
    register({ name: 'a\nb' }, '/name'),
    register({ name: 'a\u202eb\u0007' }, '/name'),
    login({ email: { not: '' }, password: 'x' }, 422, 'validation'),
    login({ email, password: { $ne: 1 } }, 422, 'validation'),
    login({ email: [email], password: 'x' }, 422, 'validation'),
    login({ email, password: 1 }, 422, 'validation'),
    login({ email }, 422, 'validation'),
    login([], 422, 'validation'),
    login({ email: 'nobody@example.test', password: 'tangerine-kettle-92' }, 401, 'invalid-credentials'),
    login({ email: 'admin@souk.example', password: 'tangerine-kettle-92' }, 401, 'invalid-credentials'),
    {
      title: 'a password of 90 KB',
      method: 'POST',
      path: '/users/login',
      body: json({ email, password: 'p'.repeat(90_000) }),
      status: [401, 422],
    },
    {
      title: 'a password of 1 MB',
      method: 'POST',
      path: '/users/login',
      body: json({ email, password: 'p'.repeat(1_000_000) }),
      status: 413,
      slug: 'too-large',
    },
    {
      title: 'an e-mail that is taken, in capitals',
      method: 'POST',
      path: '/users',
      body: json({ ...PERSON, email: 'ADMIN@Souk.Example' }),
      status: 409,
      slug: 'email-taken',
    },
    ...['x', '', `${refreshToken.slice(0, -2)}AA`, refreshToken.toUpperCase(), `${refreshToken} `, '\u0000'].map(
      (value): HostileCase => ({
        title: `refresh with ${json(value).slice(0, 30)}`,
        method: 'POST',
        path: '/users/refresh',
        body: json({ refreshToken: value }),
        status: [401, 422],
      }),
    ),
    {
      title: 'refresh with an object',
      method: 'POST',
      path: '/users/refresh',
      body: json({ refreshToken: { $gt: '' } }),
      status: 422,
    },
    {
      title: 'a reset for nobody',
      method: 'POST',
      path: '/users/password-reset',
      body: json({ email: 'nobody@example.test' }),
      status: 202,
    },
    {
      title: 'a reset without an address',
      method: 'POST',
      path: '/users/password-reset',
      body: '{}',
      status: 422,
      pointer: '/email',
    },
    {
      title: 'a reset by a guessed token',
      method: 'POST',
      path: '/users/password-reset/confirm',
      body: json({ token: 'A'.repeat(43), newPassword: 'tangerine-kettle-93' }),
      status: 422,
      slug: 'invalid-reset-token',
    },
    {
      title: 'a password change with a wrong password',
      as: 'owner',
      method: 'PUT',
      path: '/users/me/password',
      body: json({ currentPassword: 'wrong-wrong-wrong', newPassword: 'tangerine-kettle-93' }),
      status: 422,
      slug: 'validation',
      pointer: '/currentPassword',
    },
    patch({ roles: ['admin'] }, { pointer: '/roles' }),
    patch({ email: 'x@y.example' }, { pointer: '/email' }),
    patch({ disabled: false }, { pointer: '/disabled' }),
    patch({ phone: 'x\u0000' }, { pointer: '/phone' }),
    patch({ name: 'x' }, { headers: [], status: 428 }),
    patch({ name: 'x' }, { headers: [['If-Match', '"99"']], status: 412 }),
    patch({ name: 'x' }, { headers: [['If-Match', `W/${profileEtag}`]], status: 412 }),
    {
      title: 'roles that do not exist',
      as: 'admin',
      method: 'PATCH',
      path: `/users/${strangerId}`,
      body: json({ roles: ['root'] }),
      status: 422,
    },
    {
      title: 'an unknown user',
      as: 'admin',
      method: 'PATCH',
      path: `/users/${UNKNOWN_ID}`,
      body: json({ roles: ['admin'] }),
      status: 404,
    },
    { title: 'a user by an odd id', as: 'admin', method: 'GET', path: "/users/'%20or%201=1", status: 404 },
    { title: 'users by a pattern', as: 'admin', method: 'GET', path: '/users?q=%00', status: 422, pointer: '/q' },
    {
      title: 'an address in no country',
      as: 'owner',
      method: 'POST',
      path: '/users/me/addresses',
      body: json({ name: 'x', line1: 'x', city: 'x', postalCode: '1', country: 'ZZ' }),
      status: 422,
      pointer: '/country',
    },
    {
      title: 'an address of another user',
      as: 'owner',
      method: 'POST',
      path: '/users/me/addresses',
      body: json({ name: 'x', line1: 'x', city: 'x', postalCode: '1', country: 'DE', userId: strangerId }),
      status: 422,
      pointer: '/userId',
    },
  ]; // prettier-ignore
}

/** Who somebody claims to be. */
export function accountCases(world: HostileWorld): HostileCase[] {
  return [...tokens(world), ...people(world)];
}

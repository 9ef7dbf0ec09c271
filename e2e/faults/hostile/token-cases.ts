import { createHmac } from 'node:crypto';
import type { HostileCase, HostileWorld } from './hostile-case.ts';

const json = JSON.stringify;
const UNKNOWN_ID = '01900000-0000-7000-8000-000000000001';

const base64 = (value: unknown) => Buffer.from(json(value)).toString('base64url');

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

function refreshes(refreshToken: string): HostileCase[] {
  return [
    ...['x', '', `${refreshToken.slice(0, -2)}AA`, refreshToken.toUpperCase(), `${refreshToken} `, '\u0000'].map(
      (value): HostileCase => ({
        title: `refresh with ${json(value).slice(0, 30)}`,
        method: 'POST',
        path: '/users/refresh',
        body: json({ refreshToken: value }),
        status: [401, 422],
      }),
    ),
  ];
}

/** Tokens that are none. */
export function tokenCases(world: HostileWorld): HostileCase[] {
  return [...tokens(world), ...refreshes(world.refreshToken)];
}

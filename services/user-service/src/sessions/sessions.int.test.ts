import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startUserService, type UserServiceUnderTest } from '../../test/user-service-under-test.ts';
import { SESSIONS_PER_USER_MAX } from './session-repository.ts';

let souk: UserServiceUnderTest;
beforeAll(async () => {
  souk = await startUserService();
});
afterAll(() => souk.stop());

const me = (token: string) => souk.call('GET', '/api/v1/users/me', { token });

describe('logging in', () => {
  it('answers tokens that every verifier understands', async () => {
    const user = await souk.register();
    const tokens = await souk.logIn(user.email.toUpperCase());
    expect(tokens).toEqual({
      tokenType: 'Bearer',
      accessToken: expect.any(String),
      expiresIn: 600,
      refreshToken: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    });
    const header = decodeProtectedHeader(tokens.accessToken);
    const claims = decodeJwt(tokens.accessToken);
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
    expect(claims).toEqual({
      iss: 'https://souk.example',
      aud: 'souk',
      sub: user.id,
      sid: expect.any(String),
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: Number(claims.iat) + 600,
      roles: ['customer'],
      email: user.email,
    });
    const { body: jwks, headers } = await souk.call('GET', '/.well-known/jwks.json');
    expect(headers.get('cache-control')).toContain('max-age');
    expect(jwks.keys.map((key: { kid: string }) => key.kid)).toContain(header.kid);
    expect(JSON.stringify(jwks)).not.toContain('"d"');
    expect((await me(tokens.accessToken)).body).toMatchObject({ id: user.id });
  });

  it('answers wrong, unknown and disabled alike', async () => {
    const user = await souk.register();
    const disabled = await souk.register();
    await souk.database.pool.query('UPDATE users SET disabled = true WHERE id = $1', [disabled.id]);
    const attempts = [
      { email: user.email, password: 'wrong' },
      { email: 'nobody@souk.example', password: PASSWORD },
      { email: disabled.email, password: PASSWORD },
    ];
    const answers = [];
    for (const body of attempts) answers.push(await souk.call('POST', '/api/v1/users/login', { body }));
    for (const { status, body, headers } of answers) {
      expect(status).toBe(401);
      expect({ ...body, traceId: '' }).toEqual({ ...answers[0]?.body, traceId: '' });
      expect(body.type).toBe('/problems/invalid-credentials');
      expect(headers.get('www-authenticate')).toContain('Bearer');
    }
  });

  it.each([
    [{ email: { not: '' }, password: PASSWORD }],
    [{ email: 'ada@souk.example', password: { $ne: 1 } }],
    [{ email: ['a@b.example'], password: PASSWORD }],
    [{ email: 'ada@souk.example', password: 12 }],
    [{ email: 'ada@souk.example' }],
    [{ email: 'ada@souk.example', password: PASSWORD, remember: true }],
    [{ email: 'ada@souk.example', password: 'x'.repeat(129) }],
  ])('refuses %j with 422', async (body) => {
    expect((await souk.call('POST', '/api/v1/users/login', { body })).status).toBe(422);
  });
});

describe('refresh tokens', () => {
  it('are no access tokens, nor the other way round', async () => {
    const { tokens } = await souk.person();
    expect((await me(tokens.refreshToken)).status).toBe(401);
    const { status, body } = await souk.call('POST', '/api/v1/users/refresh', {
      body: { refreshToken: tokens.accessToken },
    });
    expect(status).toBe(401);
    expect(body.type).toBe('/problems/invalid-refresh-token');
  });

  it.each([['x'], ['A'.repeat(43)], ["' OR 1=1--"], ['\u0000']])('%j is none', async (refreshToken) => {
    expect((await souk.call('POST', '/api/v1/users/refresh', { body: { refreshToken } })).status).toBe(401);
  });

  it('are kept as hashes only', async () => {
    const { tokens } = await souk.person();
    const { rows } = await souk.database.pool.query('SELECT refresh_tokens::text AS all FROM refresh_tokens');
    expect(JSON.stringify(rows)).not.toContain(tokens.refreshToken);
  });
});

describe('logging out', () => {
  it('kills the session’s tokens at once, so that a second time is 401', async () => {
    const { tokens } = await souk.person();
    const logOut = () => souk.call('POST', '/api/v1/users/logout', { token: tokens.accessToken });
    expect((await logOut()).status).toBe(204);
    expect((await logOut()).status).toBe(401);
    expect((await me(tokens.accessToken)).status).toBe(401);
    const { refreshToken } = tokens;
    expect((await souk.call('POST', '/api/v1/users/refresh', { body: { refreshToken } })).status).toBe(401);
  });

  it('of ten at once succeeds once', async () => {
    const { token } = await souk.person();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => souk.call('POST', '/api/v1/users/logout', { token })),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
  });

  it('leaves the other sessions of the same person alone', async () => {
    const { user, token } = await souk.person();
    const other = await souk.logIn(user.email);
    await souk.call('POST', '/api/v1/users/logout', { token });
    expect((await me(other.accessToken)).status).toBe(200);
  });
});

describe('an account with too many sessions', () => {
  it('loses the one that was not used for longest, and all of them end at once with a new password', async () => {
    const { user, tokens: oldest } = await souk.person();
    const kept = await souk.logIn(user.email);
    const { pool } = souk.database;
    await pool.query(`UPDATE sessions SET last_used_at = created_at - interval '1 hour' WHERE id = $1`, [
      decodeJwt(oldest.accessToken).sid,
    ]);
    await pool.query(
      `INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at)
       SELECT gen_random_uuid(), user_id, created_at, last_used_at, expires_at
         FROM sessions, generate_series(1, $2) WHERE id = $1`,
      [decodeJwt(kept.accessToken).sid, SESSIONS_PER_USER_MAX - 2],
    );
    const { accessToken } = await souk.logIn(user.email);
    expect((await me(oldest.accessToken)).status).toBe(401);
    const { body: page } = await souk.call('GET', '/internal/revocations');
    expect(page.items).toContainEqual(expect.objectContaining({ sessionId: decodeJwt(oldest.accessToken).sid }));
    expect((await me(kept.accessToken)).status).toBe(200);
    const { body: sessions } = await souk.call('GET', '/api/v1/users/me/sessions', { token: accessToken });
    expect(sessions.total).toBe(SESSIONS_PER_USER_MAX);
    const body = { currentPassword: PASSWORD, newPassword: 'marmalade-bicycle-17' };
    expect((await souk.call('PUT', '/api/v1/users/me/password', { token: accessToken, body })).status).toBe(204);
    expect((await me(kept.accessToken)).status).toBe(401);
    const { body: left } = await souk.call('GET', '/api/v1/users/me/sessions', { token: accessToken });
    expect(left.total).toBe(1);
  });
});

describe('the list of sessions', () => {
  it('shows what is logged in, newest first, and marks the current one', async () => {
    const user = await souk.register();
    const first = await souk.logIn(user.email, { userAgent: 'Phone/1.0' });
    const second = await souk.logIn(user.email, { userAgent: 'Laptop/2.0' });
    const { status, body } = await souk.call('GET', '/api/v1/users/me/sessions', { token: first.accessToken });
    expect(status).toBe(200);
    expect(body).toMatchObject({ total: 2, nextCursor: null });
    expect(body.items).toEqual([
      {
        id: decodeJwt(second.accessToken).sid,
        createdAt: expect.any(String),
        lastUsedAt: expect.any(String),
        userAgent: 'Laptop/2.0',
        ip: '127.0.0.1',
        current: false,
      },
      expect.objectContaining({ id: decodeJwt(first.accessToken).sid, userAgent: 'Phone/1.0', current: true }),
    ]);
  });

  it('pages without repeating or skipping, and refuses foreign cursors', async () => {
    const user = await souk.register();
    const tokens = [];
    for (let index = 0; index < 5; index += 1) tokens.push(await souk.logIn(user.email));
    const token = tokens[0]?.accessToken;
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await souk.call('GET', `/api/v1/users/me/sessions?limit=2${after}`, { token });
      seen.push(...body.items.map((item: { id: string }) => item.id));
      cursor = body.nextCursor;
      if (seen.length === 2) {
        // A cursor belongs to its owner's list.
        const { token: foreign } = await souk.person();
        const path = `/api/v1/users/me/sessions?cursor=${encodeURIComponent(cursor ?? '')}`;
        expect((await souk.call('GET', path, { token: foreign })).status).toBe(422);
        await souk.logIn(user.email);
      }
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
  });

  it.each([['limit=0'], ['limit=101'], ['limit=abc'], ['cursor=x'], ['page=2'], ['limit=1&limit=2']])(
    'refuses ?%s',
    async (query) => {
      const { token } = await souk.person();
      expect((await souk.call('GET', `/api/v1/users/me/sessions?${query}`, { token })).status).toBe(422);
    },
  );

  it('ends a session by its id, but nobody else’s', async () => {
    const { user, token } = await souk.person();
    const other = await souk.logIn(user.email);
    const sid = decodeJwt(other.accessToken).sid;
    const { token: stranger } = await souk.person();
    const end = (by: string) => souk.call('DELETE', `/api/v1/users/me/sessions/${sid}`, { token: by });
    expect((await end(stranger)).status).toBe(404);
    expect((await me(other.accessToken)).status).toBe(200);
    expect((await end(token)).status).toBe(204);
    expect((await me(other.accessToken)).status).toBe(401);
    expect((await end(token)).status).toBe(404);
  });

  it.each([
    ['not-an-id'],
    ['0198C0DE-0000-7000-8000-000000000001'],
    ['00000000-0000-0000-0000-000000000000'],
    ["1'%20OR%20'1'='1"],
  ])('knows no session %s', async (id) => {
    const { token } = await souk.person();
    expect((await souk.call('DELETE', `/api/v1/users/me/sessions/${id}`, { token })).status).toBe(404);
  });
});

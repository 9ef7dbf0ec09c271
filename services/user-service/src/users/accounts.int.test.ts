import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUserService, type UserServiceUnderTest } from '../../test/user-service-under-test.ts';

let souk: UserServiceUnderTest;
beforeAll(async () => {
  souk = await startUserService();
});
afterAll(() => souk.stop());

const me = (token: string) => souk.call('GET', '/api/v1/users/me', { token });
const patchMe = (token: string, body: unknown, ifMatch?: string) =>
  souk.call('PATCH', '/api/v1/users/me', {
    token,
    body,
    ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
  });
const patchUser = (token: string, id: string, body: unknown) =>
  souk.call('PATCH', `/api/v1/users/${id}`, { token, body });

describe('the profile', () => {
  it('is read with its version and not sent again unchanged', async () => {
    const { token, user } = await souk.person();
    const { status, body, headers } = await me(token);
    expect(status).toBe(200);
    expect(body).toEqual(user);
    expect(headers.get('etag')).toBe('"1"');
    expect(headers.get('cache-control')).toBe('private, no-store');
    const again = await souk.call('GET', '/api/v1/users/me', { token, headers: { 'if-none-match': '"1"' } });
    expect(again.status).toBe(304);
  });

  it('changes by the version the client has seen', async () => {
    const { token } = await souk.person();
    const { status, body, headers } = await patchMe(token, { name: 'Ada King', phone: '+44 20 7946 0958' }, '"1"');
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'Ada King', phone: '+44 20 7946 0958', version: 2 });
    expect(headers.get('etag')).toBe('"2"');
    expect((await patchMe(token, { name: 'Late' }, '"1"')).status).toBe(412);
    expect((await patchMe(token, { name: 'Blind' })).status).toBe(428);
    expect((await patchMe(token, { name: 'Any' }, '*')).status).toBe(428);
    expect((await patchMe(token, { name: 'Weak' }, 'W/"2"')).status).toBe(412);
    expect((await patchMe(token, { phone: null }, '"2"')).body).toMatchObject({ name: 'Ada King', phone: null });
    expect((await patchMe(token, { name: null }, '"3"')).body).toMatchObject({ name: 'Ada King', version: 4 });
  });

  it('of twenty writers with one version lets one through', async () => {
    const { token } = await souk.person();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => patchMe(token, { name: `Writer ${index}` }, '"1"')),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(19);
    expect((await me(token)).body.version).toBe(2);
  });

  it('takes no body for no change', async () => {
    const { token } = await souk.person();
    const { status } = await souk.call('PATCH', '/api/v1/users/me', { token, headers: { 'if-match': '"1"' } });
    expect(status).toBe(200);
  });

  it.each([
    [{ roles: ['admin'] }, '/roles'],
    [{ email: 'new@souk.example' }, '/email'],
    [{ phone: 'call me' }, '/phone'],
    [{ name: '' }, '/name'],
    [{ __proto__: null, constructor: { prototype: { admin: true } } }, '/constructor'],
    [[], ''],
    ['text', ''],
    [null, ''],
  ])('refuses %j', async (body, pointer) => {
    const { token } = await souk.person();
    const answer = await patchMe(token, body, '"1"');
    expect(answer.status).toBe(422);
    expect(answer.body.errors[0].pointer).toBe(pointer);
  });
});

describe('deleting the account', () => {
  it('erases the person here, tells everybody else, and kills the tokens', async () => {
    const { token, user, tokens } = await souk.person();
    const input = { name: 'X', line1: 'Y', city: 'Z', postalCode: '1', country: 'DE' };
    await souk.call('POST', '/api/v1/users/me/addresses', { token, body: input });
    await souk.call('POST', '/api/v1/users/password-reset', { body: { email: user.email } });
    const { status, body } = await souk.call('DELETE', '/api/v1/users/me', { token });
    expect([status, body]).toEqual([204, undefined]);
    expect((await me(token)).status).toBe(401);
    const { refreshToken } = tokens;
    expect((await souk.call('POST', '/api/v1/users/refresh', { body: { refreshToken } })).status).toBe(401);
    for (const table of ['users', 'addresses', 'sessions', 'refresh_tokens', 'password_resets', 'known_addresses']) {
      const { rows } = await souk.database.pool.query(`SELECT string_agg(t::text, '') AS all FROM ${table} t`);
      expect(rows[0].all ?? '').not.toContain(user.id);
      expect(rows[0].all ?? '').not.toContain(user.email);
    }
    const { rows } = await souk.database.pool.query(
      'SELECT type FROM outbox WHERE aggregate_id = $1 ORDER BY position',
      [user.id],
    );
    expect(rows.map((row) => row.type)).toEqual(['user.registered', 'user.password_reset_requested', 'user.deleted']);
    await expect
      .poll(
        async () => {
          const told = await souk.database.pool.query(`SELECT count(*)::int AS n FROM outbox WHERE body LIKE $1`, [
            `%${user.email}%`,
          ]);
          return told.rows[0].n;
        },
        { timeout: 20_000 },
      )
      .toBe(0);
    expect((await souk.register(user.email)).id).not.toBe(user.id);
  });

  it('is refused to the last administrator', async () => {
    await souk.database.pool.query(`UPDATE users SET roles = '{customer}'`);
    const { token } = await souk.person({ admin: true });
    const { status, body } = await souk.call('DELETE', '/api/v1/users/me', { token });
    expect(status).toBe(409);
    expect(body.type).toBe('/problems/last-admin');
    const second = await souk.person({ admin: true });
    expect((await souk.call('DELETE', '/api/v1/users/me', { token: second.token })).status).toBe(204);
  });
});

describe('managing accounts', () => {
  it('is for administrators only', async () => {
    const { token, user } = await souk.person();
    for (const [method, path] of [
      ['GET', '/api/v1/users'],
      ['GET', `/api/v1/users/${user.id}`],
      ['PATCH', `/api/v1/users/${user.id}`],
    ] as const) {
      expect((await souk.call(method, path, { token })).status).toBe(403);
      expect((await souk.call(method, path)).status).toBe(401);
    }
  });

  it('finds accounts by part of name or e-mail address, without wildcards', async () => {
    const { token } = await souk.person({ admin: true });
    const wanted = await souk.register('Needle_100%@souk.example', 'Grace Hopper');
    await souk.register('needleX100y@souk.example', 'Somebody');
    const find = async (q: string) =>
      (await souk.call('GET', `/api/v1/users?q=${encodeURIComponent(q)}`, { token })).body;
    expect((await find('NEEDLE_100%')).items).toEqual([wanted]);
    expect((await find('grace hop')).items).toEqual([wanted]);
    expect((await find('\\')).total).toBe(0);
    expect(await find('nobody has this')).toEqual({ items: [], nextCursor: null, total: 0 });
  });

  it('pages through all accounts, newest first, while new ones arrive', async () => {
    const { token } = await souk.person({ admin: true });
    const marker = 'Paging Person';
    const created = [];
    for (let index = 0; index < 7; index += 1) created.push((await souk.register(undefined, marker)).id);
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const after = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor ?? '')}`;
      const { body } = await souk.call('GET', `/api/v1/users?q=Paging&limit=3${after}`, { token });
      seen.push(...body.items.map((item: { id: string }) => item.id));
      cursor = body.nextCursor;
      await souk.register(undefined, marker);
    } while (cursor !== null);
    expect(seen).toEqual(created.reverse());
  });

  it.each([
    ['q=a&q=b'],
    ['sort=passwordHash'],
    ['q=%00'],
    ['cursor=forged'],
    [`q=${'x'.repeat(201)}`],
    ['include=sessions'],
  ])('refuses ?%s', async (query) => {
    const { token } = await souk.person({ admin: true });
    expect((await souk.call('GET', `/api/v1/users?${query}`, { token })).status).toBe(422);
  });

  it.each([
    ['x'],
    ['00000000-0000-0000-0000-000000000000'],
    ['{0198c0de-0000-7000-8000-000000000001}'],
    ['1%20OR%201=1'],
  ])('knows no user %s', async (id) => {
    const { token } = await souk.person({ admin: true });
    expect((await souk.call('GET', `/api/v1/users/${id}`, { token })).status).toBe(404);
    expect((await patchUser(token, id, {})).status).toBe(404);
  });

  it('ends all tokens of an account whose roles change, and the new ones carry the new roles', async () => {
    const { token: admin } = await souk.person({ admin: true });
    const { user, tokens } = await souk.person();
    const { status, body } = await patchUser(admin, user.id, { roles: ['admin', 'customer'] });
    expect(status).toBe(200);
    expect(body).toMatchObject({ roles: ['customer', 'admin'], version: 2 });
    expect((await me(tokens.accessToken)).status).toBe(401);
    const { accessToken } = await souk.logIn(user.email);
    expect((await souk.call('GET', '/api/v1/users', { token: accessToken })).status).toBe(200);
    await patchUser(admin, user.id, { roles: ['customer'] });
    expect((await souk.call('GET', '/api/v1/users', { token: accessToken })).status).toBe(401);
  });

  it('disables and enables an account', async () => {
    const { token: admin } = await souk.person({ admin: true });
    const { user, token } = await souk.person();
    expect((await patchUser(admin, user.id, { disabled: true })).body.disabled).toBe(true);
    expect((await me(token)).status).toBe(401);
    await expect(souk.logIn(user.email)).rejects.toThrow('401');
    expect((await patchUser(admin, user.id, { disabled: false })).body.disabled).toBe(false);
    await souk.logIn(user.email);
  });

  it('ends no session with a change that changes nothing', async () => {
    const { token: admin } = await souk.person({ admin: true });
    const { user, token } = await souk.person();
    for (const body of [{}, { roles: ['customer'] }, { disabled: false }, { roles: null, disabled: null }]) {
      expect((await patchUser(admin, user.id, body)).status).toBe(200);
    }
    expect((await me(token)).status).toBe(200);
  });

  it.each([
    [{ roles: [] }],
    [{ roles: ['root'] }],
    [{ roles: ['customer', 'customer'] }],
    [{ roles: 'admin' }],
    [{ disabled: 'true' }],
    [{ disabled: 1 }],
    [{ email: 'x@souk.example' }],
    [{ name: 'X' }],
  ])('refuses %j', async (body) => {
    const { token } = await souk.person({ admin: true });
    const { user } = await souk.person();
    expect((await patchUser(token, user.id, body)).status).toBe(422);
  });

  it('takes the role from no administrator by their own hand', async () => {
    const { token, user } = await souk.person({ admin: true });
    await souk.person({ admin: true });
    for (const body of [{ roles: ['customer'] }, { disabled: true }]) {
      const answer = await patchUser(token, user.id, body);
      expect([answer.status, answer.body.type]).toEqual([409, '/problems/last-admin']);
    }
    expect((await me(token)).status).toBe(200);
  });

  it('always leaves an administrator, whoever takes the role from whom at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      await souk.database.pool.query(`UPDATE users SET roles = '{customer}'`);
      const admins = [
        await souk.person({ admin: true }),
        await souk.person({ admin: true }),
        await souk.person({ admin: true }),
      ];
      const answers = await Promise.all(
        admins.flatMap((by, index) => {
          const target = admins[(index + 1) % admins.length];
          return [
            patchUser(by.token, target?.user.id ?? '', index % 2 === 0 ? { roles: ['customer'] } : { disabled: true }),
            souk.call('DELETE', '/api/v1/users/me', { token: by.token }),
          ];
        }),
      );
      expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
      const { rows } = await souk.database.pool.query(
        `SELECT count(*)::int AS n FROM users WHERE 'admin' = ANY (roles) AND NOT disabled`,
      );
      expect(rows[0].n).toBeGreaterThanOrEqual(1);
    }
  });
});

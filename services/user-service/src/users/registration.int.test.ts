import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startUserService, type UserServiceUnderTest } from '../../test/user-service-under-test.ts';

let souk: UserServiceUnderTest;
beforeAll(async () => {
  souk = await startUserService();
});
afterAll(() => souk.stop());

const registration = (changes = {}) => ({
  email: 'ada@souk.example',
  password: PASSWORD,
  name: 'Ada Lovelace',
  ...changes,
});
const post = (body: unknown) => souk.call('POST', '/api/v1/users', { body });

describe('registering', () => {
  it('answers the account of a customer and tells of it through the outbox', async () => {
    const { status, body, headers } = await post(registration());
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/api/v1/users/${body.id}`);
    expect(headers.get('etag')).toBe('"1"');
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      email: 'ada@souk.example',
      name: 'Ada Lovelace',
      phone: null,
      roles: ['customer'],
      disabled: false,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updatedAt: body.createdAt,
      version: 1,
    });
    const { rows } = await souk.database.pool.query('SELECT type, body FROM outbox WHERE aggregate_id = $1', [body.id]);
    expect(rows.map((row) => row.type)).toEqual(['user.registered']);
    expect(JSON.parse(rows[0].body)).toMatchObject({
      source: '/user-service',
      subject: body.id,
      data: { userId: body.id, email: 'ada@souk.example', name: 'Ada Lovelace' },
    });
  });

  it('keeps the password as an Argon2id hash only', async () => {
    const { rows } = await souk.database.pool.query('SELECT users::text AS all FROM users');
    expect(rows[0].all).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
    expect(rows[0].all).not.toContain(PASSWORD);
  });

  it.each([['ada@souk.example'], ['ADA@SOUK.EXAMPLE'], ['ａｄａ@souk.example']])(
    'refuses %s, which is taken in its canonical form',
    async (email) => {
      const { status, body } = await post(registration({ email }));
      expect(status).toBe(409);
      expect(body).toMatchObject({ type: '/problems/email-taken', status: 409, instance: '/api/v1/users' });
    },
  );

  it('makes one account of twenty registrations at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        post(registration({ email: index % 2 === 0 ? 'many@souk.example' : 'MANY@souk.example' })),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
    const { rows } = await souk.database.pool.query(
      `SELECT count(*)::int AS n FROM users WHERE email_canonical = 'many@souk.example'`,
    );
    expect(rows[0].n).toBe(1);
  });

  it.each([
    ['role', { role: 'admin' }, '/role'],
    ['roles', { roles: ['admin'] }, '/roles'],
    ['isAdmin', { isAdmin: true }, '/isAdmin'],
    ['id', { id: '0198c0de-0000-7000-8000-000000000001' }, '/id'],
    ['emailVerified, even when null', { emailVerified: null }, '/emailVerified'],
  ])('refuses the unknown field %s', async (_, extra, pointer) => {
    const { status, body } = await post(registration({ email: 'extra@souk.example', ...extra }));
    expect(status).toBe(422);
    expect(body.errors).toEqual([expect.objectContaining({ pointer })]);
  });

  it.each([
    ['no e-mail address', { email: undefined }, '/email'],
    ['an object for an e-mail address', { email: { not: '' } }, '/email'],
    ['a list for an e-mail address', { email: ['a@b.example'] }, '/email'],
    ['an e-mail address of 255 characters', { email: `a@${'b'.repeat(250)}.ex` }, '/email'],
    ['an operator for a password', { password: { $ne: 1 } }, '/password'],
    ['a short password', { password: 'elevenchars' }, '/password'],
    ['a common password', { password: 'Password1234' }, '/password'],
    ['the e-mail address as the password', { password: 'EXTRA@souk.example' }, '/password'],
    ['the name as the password', { password: 'ada lovelace' }, '/password'],
    ['a password of 90 KB', { password: 'x'.repeat(90_000) }, '/password'],
    ['a name of 201 characters', { name: '🛒'.repeat(201) }, '/name'],
    ['a name with NUL', { name: 'a\u0000b' }, '/name'],
    ['a name of blanks', { name: '   ' }, '/name'],
    ['a number for a name', { name: 7 }, '/name'],
  ])('refuses %s', async (_, changes, pointer) => {
    const { status, body } = await post(registration({ email: 'extra@souk.example', ...changes }));
    expect(status).toBe(422);
    expect(body.type).toBe('/problems/validation');
    expect(body.errors[0].pointer).toBe(pointer);
    expect(JSON.stringify(body)).not.toContain('Password1234');
  });

  it('refuses a password of one megabyte before it hashes anything', async () => {
    const { status } = await post(registration({ password: 'x'.repeat(1_000_000) }));
    expect(status).toBe(413);
  });

  it('keeps a name of 200 code points as it is', async () => {
    const name = '🛒'.repeat(200);
    const { status, body } = await post(registration({ email: 'long@souk.example', name }));
    expect(status).toBe(201);
    expect(body.name).toBe(name);
  });
});

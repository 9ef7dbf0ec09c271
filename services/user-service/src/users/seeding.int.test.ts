import { createTestDatabase, type TestContext, type TestDatabase, testContext } from '@souk/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startUserService } from '../../test/user-service-under-test.ts';
import { userService } from '../app.ts';
import type { Config } from '../config.ts';
import { migrations } from '../generated/migrations.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());

const contexts: TestContext<Config>[] = [];
function aContext(env: Record<string, string>) {
  const context = testContext(userService, { database, env });
  contexts.push(context);
  return context;
}
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  vi.restoreAllMocks();
});

const countUsers = async () => (await database.pool.query('SELECT count(*)::int AS n FROM users')).rows[0].n;

describe('seeding', () => {
  it('writes nothing where SEED_DEMO_DATA is not set', async () => {
    await userService.seed?.(aContext({}));
    expect(await countUsers()).toBe(0);
  });

  it('writes the administrator and the customer once, and leaves what they made of their accounts', async () => {
    const context = aContext({ SEED_DEMO_DATA: 'true' });
    await userService.seed?.(context);
    await database.pool.query(`UPDATE users SET name = 'Renamed' WHERE email = 'customer@souk.example'`);
    await userService.seed?.(context);
    const { rows } = await database.pool.query('SELECT email, name, roles FROM users ORDER BY email');
    expect(rows).toEqual([
      { email: 'admin@souk.example', name: 'Amina Administrator', roles: ['customer', 'admin'] },
      { email: 'customer@souk.example', name: 'Renamed', roles: ['customer'] },
    ]);
  });

  it('lets both log in with the documented password', async () => {
    const souk = await startUserService({ database });
    for (const email of ['admin@souk.example', 'customer@souk.example']) {
      await souk.logIn(email, { password: 'correct-horse-battery' });
    }
    await souk.stop();
  });
});

describe('grant-admin', () => {
  const grant = async (...args: string[]) => {
    const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const code = await userService.commands?.['grant-admin']?.(aContext({}), args);
    return { code, said: [...out.mock.calls, ...err.mock.calls].map(([text]) => String(text)).join('') };
  };

  it('makes an account an administrator and ends its sessions, whose tokens carry the old roles', async () => {
    const souk = await startUserService({ database });
    const { user, token } = await souk.person();
    expect(await grant(user.email.toUpperCase())).toMatchObject({ code: 0, said: expect.stringContaining('now') });
    await expect.poll(async () => (await souk.call('GET', '/api/v1/users/me', { token })).status).toBe(401);
    const { accessToken } = await souk.logIn(user.email);
    expect((await souk.call('GET', '/api/v1/users', { token: accessToken })).status).toBe(200);
    expect(await grant(user.email)).toMatchObject({ code: 0, said: expect.stringContaining('already') });
    expect((await souk.call('GET', '/api/v1/users', { token: accessToken })).status).toBe(200);
    await souk.stop();
  });

  it('says in one line what is wrong', async () => {
    expect(await grant('nobody@souk.example')).toMatchObject({ code: 1, said: expect.stringContaining('register') });
    expect(await grant('not an address')).toMatchObject({ code: 1, said: expect.stringContaining('no e-mail') });
    expect(await grant()).toMatchObject({ code: 2, said: expect.stringContaining('Usage') });
    await database.pool.query(`UPDATE users SET disabled = true WHERE email = 'customer@souk.example'`);
    expect(await grant('customer@souk.example')).toMatchObject({ code: 1, said: expect.stringContaining('disabled') });
  });
});

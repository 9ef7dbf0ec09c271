import { createSealer } from '@souk/http';
import { TEST_INTERNAL_SECRET } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  PASSWORD,
  type ShiftableClock,
  shiftableClock,
  startUserService,
  type UserServiceUnderTest,
} from '../../test/user-service-under-test.ts';

const NEW_PASSWORD = 'marmalade-bicycle-17';
let souk: UserServiceUnderTest;
let clock: ShiftableClock;
beforeAll(async () => {
  clock = shiftableClock();
  souk = await startUserService({ clock });
});
afterAll(() => souk.stop());

const statusOf = async (token: string) => (await souk.call('GET', '/api/v1/users/me', { token })).status;
const loginStatus = async (email: string, password: string) =>
  (await souk.call('POST', '/api/v1/users/login', { body: { email, password } })).status;
const change = (token: string, body: unknown) => souk.call('PUT', '/api/v1/users/me/password', { token, body });
const requestReset = (email: string) => souk.call('POST', '/api/v1/users/password-reset', { body: { email } });
const confirmReset = (token: string, newPassword = NEW_PASSWORD) =>
  souk.call('POST', '/api/v1/users/password-reset/confirm', { body: { token, newPassword } });

async function resetEventsOf(userId: string): Promise<{ data: Record<string, string> }[]> {
  const { rows } = await souk.database.pool.query(
    `SELECT body FROM outbox WHERE aggregate_id = $1 AND type = 'user.password_reset_requested' ORDER BY position`,
    [userId],
  );
  return rows.map((row) => JSON.parse(row.body));
}

/** As notification-service does when it mails. */
async function mailedTokenOf(userId: string): Promise<string> {
  const event = (await resetEventsOf(userId)).at(-1);
  return createSealer({ secret: TEST_INTERNAL_SECRET, purpose: 'password-reset' }).open(event?.data.sealedToken ?? '');
}

describe('changing the password', () => {
  it('ends all other sessions and keeps the caller’s', async () => {
    const { user, tokens } = await souk.person();
    const others = [await souk.logIn(user.email), await souk.logIn(user.email)];
    const body = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    expect((await change(tokens.accessToken, body)).status).toBe(204);
    expect(await statusOf(tokens.accessToken)).toBe(200);
    for (const { accessToken, refreshToken } of others) {
      expect(await statusOf(accessToken)).toBe(401);
      expect((await souk.call('POST', '/api/v1/users/refresh', { body: { refreshToken } })).status).toBe(401);
    }
    expect(await loginStatus(user.email, PASSWORD)).toBe(401);
    expect(await loginStatus(user.email, NEW_PASSWORD)).toBe(200);
    const { refreshToken } = tokens;
    expect((await souk.call('POST', '/api/v1/users/refresh', { body: { refreshToken } })).status).toBe(200);
  });

  it('refuses a wrong current password at its pointer and changes nothing', async () => {
    const { user, token } = await souk.person();
    const answer = await change(token, { currentPassword: 'wrong', newPassword: NEW_PASSWORD });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ type: '/problems/validation', errors: [{ pointer: '/currentPassword' }] });
    expect(await loginStatus(user.email, PASSWORD)).toBe(200);
  });

  it.each([['short'], ['Password1234'], ['A Person but longer'.slice(0, 11)]])(
    'refuses the new password %s',
    async (newPassword) => {
      const { token } = await souk.person();
      const answer = await change(token, { currentPassword: PASSWORD, newPassword });
      expect(answer.status).toBe(422);
      expect(answer.body.errors[0].pointer).toBe('/newPassword');
    },
  );

  it('twice at once succeeds once', async () => {
    const { user, token } = await souk.person();
    const answers = await Promise.all(
      ['first-of-two-tries', 'second-of-two-tries'].map((newPassword) =>
        change(token, { currentPassword: PASSWORD, newPassword }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 422]);
    const logins = [
      await loginStatus(user.email, 'first-of-two-tries'),
      await loginStatus(user.email, 'second-of-two-tries'),
    ];
    expect(logins.sort()).toEqual([200, 401]);
  });
});

describe('a forgotten password', () => {
  it('is set anew by the token of the mail, which works once and ends every session', async () => {
    const { user, tokens } = await souk.person();
    const { status, body } = await requestReset(user.email.toUpperCase());
    expect(status).toBe(202);
    expect(body).toBeUndefined();
    const token = await mailedTokenOf(user.id);
    expect(await statusOf(tokens.accessToken)).toBe(200);
    expect((await confirmReset(token)).status).toBe(204);
    expect(await statusOf(tokens.accessToken)).toBe(401);
    expect(await loginStatus(user.email, PASSWORD)).toBe(401);
    expect(await loginStatus(user.email, NEW_PASSWORD)).toBe(200);
    const again = await confirmReset(token, 'another-password-21');
    expect(again.status).toBe(422);
    expect(again.body.type).toBe('/problems/invalid-reset-token');
  });

  it('tells no stranger whether there is an account', async () => {
    const { user } = await souk.person();
    const known = await requestReset(user.email);
    const unknown = await requestReset('nobody@souk.example');
    expect([known.status, unknown.status]).toEqual([202, 202]);
    expect(known.body).toEqual(unknown.body);
    const { rows } = await souk.database.pool.query(
      `SELECT count(*)::int AS n FROM outbox WHERE body LIKE '%nobody@%'`,
    );
    expect(rows[0].n).toBe(0);
  });

  it('asked for again and again neither fills a mailbox nor voids the link that is waited for', async () => {
    const { user } = await souk.person();
    await requestReset(user.email);
    const first = await mailedTokenOf(user.id);
    for (let count = 1; count < 12; count += 1) expect((await requestReset(user.email)).status).toBe(202);
    expect(await resetEventsOf(user.id)).toHaveLength(5);
    expect((await confirmReset(first)).status).toBe(204);
    await requestReset(user.email);
    expect(await resetEventsOf(user.id)).toHaveLength(6);
  });

  it('leaves the token in no plain column', async () => {
    const { user } = await souk.person();
    await requestReset(user.email);
    const token = await mailedTokenOf(user.id);
    const { rows } = await souk.database.pool.query(
      `SELECT (SELECT string_agg(o::text, '') FROM outbox o) || (SELECT string_agg(r::text, '') FROM password_resets r) AS all`,
    );
    expect(rows[0].all).not.toContain(token);
  });

  it('of ten confirmations at once takes one', async () => {
    const { user } = await souk.person();
    await requestReset(user.email);
    const token = await mailedTokenOf(user.id);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => confirmReset(token, `parallel-password-${index}`)),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(9);
  });

  it('sends nothing to a disabled account, and its older links are worthless', async () => {
    const { user } = await souk.person();
    await requestReset(user.email);
    const token = await mailedTokenOf(user.id);
    const { token: admin } = await souk.person({ admin: true });
    await souk.call('PATCH', `/api/v1/users/${user.id}`, { token: admin, body: { disabled: true } });
    expect((await requestReset(user.email)).status).toBe(202);
    expect(await resetEventsOf(user.id)).toHaveLength(1);
    expect((await confirmReset(token)).status).toBe(422);
  });

  it.each([['x'], ['A'.repeat(43)], ["' OR 1=1--"], ['\u0000']])('is not reset by the token %j', async (token) => {
    const { status, body } = await confirmReset(token);
    expect(status).toBe(422);
    expect(body.type).toBe('/problems/invalid-reset-token');
  });

  it('refuses a common password and lets the token be used again', async () => {
    const { user } = await souk.person();
    await requestReset(user.email);
    const token = await mailedTokenOf(user.id);
    const { status, body } = await confirmReset(token, 'Password1234');
    expect(status).toBe(422);
    expect(body).toMatchObject({ type: '/problems/validation', errors: [{ pointer: '/newPassword' }] });
    expect((await confirmReset(token)).status).toBe(204);
  });

  it('does not wait for ever: a link expires, and a changed password voids it', async () => {
    const { user } = await souk.person();
    await requestReset(user.email);
    const expiring = await mailedTokenOf(user.id);
    clock.advance(3_600_001);
    expect((await confirmReset(expiring)).status).toBe(422);
    await requestReset(user.email);
    const voided = await mailedTokenOf(user.id);
    const { accessToken } = await souk.logIn(user.email);
    await change(accessToken, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
    expect((await confirmReset(voided)).status).toBe(422);
  });
});

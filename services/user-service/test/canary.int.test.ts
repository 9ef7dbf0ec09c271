import { createSealer } from '@souk/http';
import { createLogger } from '@souk/service-runtime';
import { TEST_INTERNAL_SECRET } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUserService, type UserServiceUnderTest } from './user-service-under-test.ts';

const CANARIES = {
  firstPassword: 'canary-first-password-7d1f',
  secondPassword: 'canary-second-password-9a2c',
  wrongPassword: 'canary-wrong-password-44e0',
  shortPassword: 'cnry-b3',
};
const lines: string[] = [];
let souk: UserServiceUnderTest;
beforeAll(async () => {
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: 'user-service', level: 'trace', format: 'json', destination });
  souk = await startUserService({ logger });
});
afterAll(() => souk.stop());

describe('secrets that come in or go out', () => {
  it('stand in no log, event, error, metric or plain column', async () => {
    const secrets: string[] = Object.values(CANARIES);
    const problems: string[] = [];
    const send = async (method: string, path: string, given: object) => {
      const answer = await souk.call(method, `/api/v1/users${path}`, given);
      if (answer.status >= 400) problems.push(JSON.stringify(answer.body));
      return answer;
    };
    const email = 'canary@souk.example';
    const { firstPassword, secondPassword, wrongPassword, shortPassword } = CANARIES;
    const registration = (password: string) => ({ body: { email, password, name: 'Canary' } });
    await send('POST', '', registration(shortPassword));
    const { body: user } = await send('POST', '', registration(firstPassword));
    await send('POST', '', registration(firstPassword));
    await send('POST', '/login', { body: { email, password: wrongPassword } });
    const { body: tokens } = await send('POST', '/login', { body: { email, password: firstPassword } });
    const { body: next } = await send('POST', '/refresh', { body: { refreshToken: tokens.refreshToken } });
    const token = next.accessToken;
    secrets.push(tokens.accessToken, tokens.refreshToken, next.accessToken, next.refreshToken);
    const change = (currentPassword: string, newPassword: string) =>
      send('PUT', '/me/password', { token, body: { currentPassword, newPassword } });
    await change(wrongPassword, secondPassword);
    await change(firstPassword, secondPassword);
    await send('POST', '/password-reset', { body: { email } });
    const { rows } = await souk.database.pool.query(
      `SELECT body FROM outbox WHERE aggregate_id = $1 AND type = 'user.password_reset_requested'`,
      [user.id],
    );
    const sealer = createSealer({ secret: TEST_INTERNAL_SECRET, purpose: 'password-reset' });
    const resetToken = await sealer.open(JSON.parse(rows[0].body).data.sealedToken);
    secrets.push(resetToken);
    await send('POST', '/password-reset/confirm', { body: { token: resetToken, newPassword: shortPassword } });
    await send('POST', '/password-reset/confirm', { body: { token: resetToken, newPassword: firstPassword } });
    await send('POST', '/password-reset/confirm', { body: { token: resetToken, newPassword: firstPassword } });
    await send('POST', '/refresh', { body: { refreshToken: tokens.refreshToken } });

    const dump = await souk.database.ownerPool.query(
      `SELECT string_agg(query_to_xml('SELECT * FROM ' || quote_ident(tablename), true, false, '')::text, '') AS all
         FROM pg_tables WHERE schemaname = 'public'`,
    );
    const metrics = await (await fetch(`${souk.url}/metrics`)).text();
    const places = {
      logs: lines.join('\n'),
      problems: problems.join('\n'),
      database: String(dump.rows[0].all),
      metrics,
      events: JSON.stringify(souk.told),
    };
    expect(places.logs.length).toBeGreaterThan(500);
    expect(places.database).toContain(email);
    for (const [place, text] of Object.entries(places)) {
      for (const secret of secrets) expect(text.includes(secret), `${place} shows ${secret}`).toBe(false);
    }
  });
});

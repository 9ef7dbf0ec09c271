import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUserService, type UserServiceUnderTest } from './user-service-under-test.ts';

/** Medians of so many tries each; the tries take turns, so that a busy machine disturbs both alike. */
const TRIES = 60;
const DIFFERENCE_MS_MAX = 10;

let souk: UserServiceUnderTest;
beforeAll(async () => {
  souk = await startUserService();
});
afterAll(() => souk.stop());

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function mediansOf(tries: ((index: number) => Promise<unknown>)[]): Promise<number[]> {
  const timesMs = tries.map(() => [] as number[]);
  for (let index = 0; index < TRIES; index += 1) {
    for (const [place, attempt] of tries.entries()) {
      const startedMs = performance.now();
      await attempt(index);
      timesMs[place]?.push(performance.now() - startedMs);
    }
  }
  return timesMs.map(median);
}

describe('nobody learns by a watch', () => {
  it('whether an account exists, from a login', async () => {
    const user = await souk.register();
    const disabled = await souk.register();
    await souk.database.pool.query('UPDATE users SET disabled = true WHERE id = $1', [disabled.id]);
    const logIn = (email: string) => () =>
      souk.call('POST', '/api/v1/users/login', { body: { email, password: 'a-wrong-password' } });
    const [known = 0, ...others] = await mediansOf([
      logIn(user.email),
      logIn('nobody@souk.example'),
      logIn(disabled.email),
    ]);
    for (const other of others) expect(Math.abs(known - other)).toBeLessThan(DIFFERENCE_MS_MAX);
  }, 60_000);

  it('whether an account exists, from a forgotten password', async () => {
    const user = await souk.register();
    const request = (email: string) => () => souk.call('POST', '/api/v1/users/password-reset', { body: { email } });
    const [known = 0, unknown = 0] = await mediansOf([request(user.email), request('nobody@souk.example')]);
    expect(Math.abs(known - unknown)).toBeLessThan(DIFFERENCE_MS_MAX);
  }, 60_000);
});

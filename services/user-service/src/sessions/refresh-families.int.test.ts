import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ShiftableClock,
  shiftableClock,
  startUserService,
  type UserServiceUnderTest,
} from '../../test/user-service-under-test.ts';
import { REFRESH_GRACE_MS } from './refresh-token.ts';

let souk: UserServiceUnderTest;
let clock: ShiftableClock;
beforeAll(async () => {
  clock = shiftableClock();
  souk = await startUserService({ clock });
});
afterAll(() => souk.stop());

const refresh = (refreshToken: string) => souk.call('POST', '/api/v1/users/refresh', { body: { refreshToken } });
const statusOf = async (token: string) => (await souk.call('GET', '/api/v1/users/me', { token })).status;

async function liveHeadsOf(accessToken: string): Promise<number> {
  const { rows } = await souk.database.pool.query(
    `SELECT count(*)::int AS n FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
      WHERE s.id = $1 AND s.ended_at IS NULL AND t.used_at IS NULL`,
    [decodeJwt(accessToken).sid],
  );
  return rows[0].n;
}

describe('refreshing', () => {
  it('answers a successor and a new access token of the same session', async () => {
    const { tokens } = await souk.person();
    const { status, body } = await refresh(tokens.refreshToken);
    expect(status).toBe(200);
    expect(body.refreshToken).not.toBe(tokens.refreshToken);
    expect(decodeJwt(body.accessToken).sid).toBe(decodeJwt(tokens.accessToken).sid);
    expect(decodeJwt(body.accessToken).jti).not.toBe(decodeJwt(tokens.accessToken).jti);
    expect(await statusOf(body.accessToken)).toBe(200);
  });

  it('repeated within the grace answers the identical successor, which still works', async () => {
    const { tokens } = await souk.person();
    const first = await refresh(tokens.refreshToken);
    const again = await refresh(tokens.refreshToken);
    expect(again.status).toBe(200);
    expect(again.body.refreshToken).toBe(first.body.refreshToken);
    expect((await refresh(first.body.refreshToken)).status).toBe(200);
  });

  it('repeated after the successor was used ends the family, the successor’s successor included', async () => {
    const { tokens } = await souk.person();
    const first = await refresh(tokens.refreshToken);
    const second = await refresh(first.body.refreshToken);
    expect((await refresh(tokens.refreshToken)).status).toBe(401);
    expect((await refresh(second.body.refreshToken)).status).toBe(401);
    for (const token of [tokens.accessToken, first.body.accessToken, second.body.accessToken]) {
      expect(await statusOf(token)).toBe(401);
    }
    const { rows } = await souk.database.pool.query('SELECT reason FROM revocations WHERE session_id = $1', [
      decodeJwt(tokens.accessToken).sid,
    ]);
    expect(rows).toEqual([{ reason: 'refresh-token-replayed' }]);
  });

  it('repeated after the grace ends the family', async () => {
    const { tokens } = await souk.person();
    const first = await refresh(tokens.refreshToken);
    clock.advance(REFRESH_GRACE_MS + 1);
    expect((await refresh(tokens.refreshToken)).status).toBe(401);
    expect((await refresh(first.body.refreshToken)).status).toBe(401);
    expect(await statusOf(first.body.accessToken)).toBe(401);
  });

  it('ten times in parallel leaves one live head and one successor', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { tokens } = await souk.person();
      const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(tokens.refreshToken)));
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
      expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
      expect(await liveHeadsOf(tokens.accessToken)).toBe(1);
      expect((await refresh(answers[0]?.body.refreshToken)).status).toBe(200);
    }
  });

  it('does not outlive the token, the session or the account', async () => {
    const { tokens, user } = await souk.person();
    await souk.database.pool.query('UPDATE users SET disabled = true WHERE id = $1', [user.id]);
    expect((await refresh(tokens.refreshToken)).status).toBe(401);
    const other = await souk.person();
    clock.advance(31 * 86_400_000);
    expect((await refresh(other.tokens.refreshToken)).status).toBe(401);
  });

  it('keeps the sealed successor no longer than it is needed', async () => {
    const { tokens } = await souk.person();
    const { body } = await refresh(tokens.refreshToken);
    const sealed = async () => {
      const { rows } = await souk.database.pool.query(
        'SELECT count(*)::int AS n FROM refresh_tokens WHERE session_id = $1 AND successor_sealed IS NOT NULL',
        [decodeJwt(tokens.accessToken).sid],
      );
      return rows[0].n;
    };
    expect(await sealed()).toBe(1);
    clock.advance(REFRESH_GRACE_MS + 1);
    await expect.poll(sealed).toBe(0);
    expect((await refresh(body.refreshToken)).status).toBe(200);
  });
});

type Step = { do: 'refresh'; back: number; times: number } | { do: 'wait'; ms: number };

/** What must come out, told from the history of the family alone. */
function expectedStatus(history: { used: Date | undefined }[], index: number, now: Date): 200 | 401 {
  const token = history[index];
  if (token?.used === undefined) return 200;
  const isLastUsed = index === history.length - 2;
  return isLastUsed && now.getTime() - token.used.getTime() <= REFRESH_GRACE_MS ? 200 : 401;
}

describe('a family of refresh tokens, whatever is done with it', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      do: fc.constant('refresh' as const),
      back: fc.constantFrom(0, 0, 0, 1, 1, 2, 3),
      times: fc.constantFrom(1, 1, 3),
    }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(2_000, 3_000, 8_000, REFRESH_GRACE_MS, 20_000) }),
  );

  it('answers by its history, keeps one live head, and is dead for good after a replay', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { tokens } = await souk.person();
        // It moves by the waits alone: a request takes no time, and what the grace's end decides is exact.
        clock.stop();
        const known = [tokens.refreshToken];
        const history: { used: Date | undefined }[] = [{ used: undefined }];
        let dead = false;
        for (const next of steps) {
          if (next.do === 'wait') {
            clock.advance(next.ms);
            continue;
          }
          const index = Math.max(0, known.length - 1 - next.back);
          const expected = dead ? 401 : expectedStatus(history, index, clock.now());
          const answers = await Promise.all(Array.from({ length: next.times }, () => refresh(known[index] ?? '')));
          expect(answers.map(({ status }) => status)).toEqual(Array(next.times).fill(expected));
          if (expected === 401) dead = true;
          else if (index === known.length - 1) {
            history[index] = { used: clock.now() };
            history.push({ used: undefined });
            known.push(answers[0]?.body.refreshToken);
          } else expect(answers[0]?.body.refreshToken).toBe(known[index + 1]);
          expect(await liveHeadsOf(tokens.accessToken)).toBe(dead ? 0 : 1);
        }
      }),
      { numRuns: 25 },
    );
  });
});

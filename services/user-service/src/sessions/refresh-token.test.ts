import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideRefresh,
  hashRefreshToken,
  isRefreshTokenFormat,
  openSuccessor,
  type PresentedToken,
  REFRESH_GRACE_MS,
  REFRESH_TOKEN_BYTES,
  sealSuccessor,
  toRefreshToken,
} from './refresh-token.ts';

const NOW = new Date('2026-11-22T12:00:00.000Z');
const later = (ms: number) => new Date(NOW.getTime() + ms);
const aFamily = (changes = {}) => ({ ended: false, expiresAt: later(1_000_000), userDisabled: false, ...changes });
const aToken = () => toRefreshToken(randomBytes(REFRESH_TOKEN_BYTES));

describe('a presented refresh token', () => {
  it('that nobody knows is refused', () => {
    expect(decideRefresh({ state: 'unknown' }, NOW)).toEqual({ do: 'refuse' });
  });

  it('that is the head of a live family is rotated', () => {
    expect(decideRefresh({ state: 'head', expiresAt: later(1), family: aFamily() }, NOW)).toEqual({ do: 'rotate' });
  });

  it.each([
    ['expired itself', { state: 'head', expiresAt: NOW, family: aFamily() }],
    ['belongs to an ended family', { state: 'head', expiresAt: later(1), family: aFamily({ ended: true }) }],
    ['belongs to an expired family', { state: 'head', expiresAt: later(1), family: aFamily({ expiresAt: NOW }) }],
    ['belongs to a disabled user', { state: 'head', expiresAt: later(1), family: aFamily({ userDisabled: true }) }],
  ] satisfies [string, PresentedToken][])('that %s is refused', (_, presented) => {
    expect(decideRefresh(presented, NOW)).toEqual({ do: 'refuse' });
  });

  it.each([
    ['at once', 0, true, false, 'repeat'],
    ['at the end of the grace', REFRESH_GRACE_MS, true, false, 'repeat'],
    ['after the grace', REFRESH_GRACE_MS + 1, true, false, 'revoke'],
    ['after its successor was used', 0, true, true, 'revoke'],
    ['when the successor is kept no longer', 0, false, false, 'revoke'],
  ])('that was used and comes again %s', (_, afterMs, sealed, successorUsed, expected) => {
    const presented = { state: 'used', usedAt: NOW, sealed, successorUsed, family: aFamily() } as const;
    expect(decideRefresh(presented, later(afterMs))).toEqual({ do: expected });
  });

  it('that was used revokes nothing any more once its family has ended', () => {
    const family = aFamily({ ended: true });
    const presented = { state: 'used', usedAt: NOW, sealed: false, successorUsed: true, family } as const;
    expect(decideRefresh(presented, later(60_000))).toEqual({ do: 'refuse' });
  });
});

describe('a refresh token', () => {
  it('has 256 bits and one spelling', () => {
    const token = aToken();
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(isRefreshTokenFormat(token)).toBe(true);
    for (const other of ['', token.slice(1), `${token}A`, `${token}=`, `${token.slice(0, -1)}!`, 'e30.e30.e30']) {
      expect(isRefreshTokenFormat(other)).toBe(false);
    }
    // The last character carries four bits only: its other spellings are not tokens.
    expect(isRefreshTokenFormat(`${'A'.repeat(42)}B`)).toBe(false);
  });

  it('is stored as a hash that tells nothing of it', () => {
    const token = aToken();
    expect(hashRefreshToken(token)).toHaveLength(32);
    expect(hashRefreshToken(token)).toEqual(hashRefreshToken(token));
    expect(hashRefreshToken(token).toString('base64url')).not.toContain(token);
  });

  it('opens the successor that was sealed for it, and nobody else does', () => {
    const [predecessor, successor, other] = [aToken(), aToken(), aToken()];
    const sealed = sealSuccessor(predecessor, successor, randomBytes(12));
    expect(openSuccessor(predecessor, sealed)).toBe(successor);
    expect(() => openSuccessor(other, sealed)).toThrow();
    expect(sealed.toString('latin1')).not.toContain(successor);
  });
});

/** The family as a list of tokens, driven by the decisions alone. */
class FamilyModel {
  tokens: { usedAt: Date | undefined }[] = [{ usedAt: undefined }];
  ended = false;

  present(index: number, now: Date) {
    const token = this.tokens[index];
    const family = aFamily({ ended: this.ended });
    const decision = decideRefresh(
      token?.usedAt === undefined
        ? { state: 'head', expiresAt: later(1_000_000_000), family }
        : {
            state: 'used',
            usedAt: token.usedAt,
            sealed: index === this.tokens.length - 2,
            successorUsed: this.tokens[index + 1]?.usedAt !== undefined,
            family,
          },
      now,
    );
    if (decision.do === 'rotate' && token !== undefined) {
      token.usedAt = now;
      this.tokens.push({ usedAt: undefined });
    }
    if (decision.do === 'revoke') this.ended = true;
    return decision.do;
  }
}

describe('a family of refresh tokens', () => {
  it('has one live head, whatever is presented and when, and is dead for good after a replay', () => {
    const presentation = fc.record({ back: fc.nat(4), waitMs: fc.constantFrom(0, 1, 5_000, 10_000, 10_001, 60_000) });
    fc.assert(
      fc.property(fc.array(presentation, { maxLength: 30 }), (presentations) => {
        const family = new FamilyModel();
        let nowMs = NOW.getTime();
        for (const { back, waitMs } of presentations) {
          nowMs += waitMs;
          const index = Math.max(0, family.tokens.length - 1 - back);
          const wasEnded = family.ended;
          const outcome = family.present(index, new Date(nowMs));
          expect(family.tokens.filter((token) => token.usedAt === undefined)).toHaveLength(1);
          if (wasEnded) expect(outcome).toBe('refuse');
          else if (back >= 2 && index < family.tokens.length - 2) expect(outcome).toBe('revoke');
        }
      }),
    );
  });
});

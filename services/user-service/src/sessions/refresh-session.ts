import { randomBytes } from 'node:crypto';
import { Refusal } from '@souk/contracts';
import { type Clock, type Counter, type Logger, type Pool, type PoolClient, transaction } from '@souk/service-runtime';
import { endSessions } from '../revocations/revocation-repository.ts';
import type { AccessTokenIssuer } from './access-token.ts';
import { type SessionOrigin, toStoredUserAgent } from './log-in.ts';
import {
  decideRefresh,
  hashRefreshToken,
  isRefreshTokenFormat,
  openSuccessor,
  REFRESH_TOKEN_BYTES,
  type RefreshDecision,
  sealSuccessor,
  toRefreshToken,
} from './refresh-token.ts';
import type { SessionLiveness } from './session-liveness.ts';
import { lockFamily, type PresentedFamily, rotateHead } from './session-repository.ts';
import { type TokensAnswer, toTokensAnswer } from './tokens.ts';

const SEAL_IV_BYTES = 12;

export interface RefreshSession {
  refreshToken: string;
  origin: SessionOrigin;
}

export interface RefreshSessionDeps {
  pool: Pool;
  accessTokens: AccessTokenIssuer;
  liveness: Pick<SessionLiveness, 'announceEnded'>;
  clock: Clock;
  refreshTokenTtlMs: number;
  outcomes: Counter;
  logger: Logger;
}

type Outcome =
  | { do: 'refuse' }
  | { do: 'revoke'; family: PresentedFamily; ended: string[] }
  | { do: 'rotate' | 'repeat'; family: PresentedFamily; successor: string };

/** Exchanges a refresh token for its successor and a new access token. */
export async function refreshSession(deps: RefreshSessionDeps, command: RefreshSession): Promise<TokensAnswer> {
  const outcome: Outcome = isRefreshTokenFormat(command.refreshToken)
    ? await transaction(deps.pool, (tx) => refreshInTransaction(tx, deps, command))
    : { do: 'refuse' };
  deps.outcomes.inc({ outcome: outcome.do });
  switch (outcome.do) {
    case 'refuse':
      throw invalidRefreshToken();
    case 'revoke':
      deps.logger.warn(
        { userId: outcome.family.userId, sessionId: outcome.family.sessionId, audit: true },
        'Ended a session: one of its refresh tokens was replayed',
      );
      await deps.liveness.announceEnded(outcome.ended);
      throw invalidRefreshToken();
    case 'rotate':
    case 'repeat': {
      const { userId, sessionId, owner } = outcome.family;
      return toTokensAnswer(await deps.accessTokens.issue({ userId, sessionId, ...owner }), outcome.successor);
    }
    default:
      return outcome satisfies never;
  }
}

async function refreshInTransaction(
  tx: PoolClient,
  deps: RefreshSessionDeps,
  command: RefreshSession,
): Promise<Outcome> {
  const presentedHash = hashRefreshToken(command.refreshToken);
  const family = await lockFamily(tx, presentedHash);
  const now = deps.clock.now();
  const decision: RefreshDecision = decideRefresh(family?.presented ?? { state: 'unknown' }, now);
  if (family === undefined || decision.do === 'refuse') return { do: 'refuse' };
  switch (decision.do) {
    case 'revoke': {
      const end = { at: now, reason: 'refresh-token-replayed' } as const;
      return { do: 'revoke', family, ended: await endSessions(tx, family, end) };
    }
    case 'repeat':
      return {
        do: 'repeat',
        family,
        successor: openSuccessor(command.refreshToken, family.successorSealed ?? NOTHING),
      };
    case 'rotate': {
      const successor = toRefreshToken(randomBytes(REFRESH_TOKEN_BYTES));
      await rotateHead(tx, {
        sessionId: family.sessionId,
        presentedHash,
        successorHash: hashRefreshToken(successor),
        successorSealed: sealSuccessor(command.refreshToken, successor, randomBytes(SEAL_IV_BYTES)),
        generation: family.generation + 1,
        at: now,
        expiresAt: new Date(Math.min(now.getTime() + deps.refreshTokenTtlMs, family.sessionExpiresAt.getTime())),
        userAgent: toStoredUserAgent(command.origin.userAgent),
        ip: command.origin.address,
      });
      return { do: 'rotate', family, successor };
    }
    default:
      return decision satisfies never;
  }
}

/** `repeat` is decided only where a sealed successor is kept; opening nothing fails loudly. */
const NOTHING = Buffer.alloc(0);

function invalidRefreshToken(): Refusal {
  return new Refusal('invalid-refresh-token', 'The refresh token is unknown, used, expired or revoked');
}

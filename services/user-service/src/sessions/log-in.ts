import { randomBytes } from 'node:crypto';
import { Refusal } from '@souk/contracts';
import type { RateLimiter } from '@souk/http';
import type { Clock, Counter, Pool } from '@souk/service-runtime';
import type { PasswordHasher } from '../passwords/password-hasher.ts';
import { canonicalEmail } from '../users/email.ts';
import { type Credentials, findCredentials } from '../users/user-repository.ts';
import type { AccessTokenIssuer } from './access-token.ts';
import { hashRefreshToken, REFRESH_TOKEN_BYTES, toRefreshToken } from './refresh-token.ts';
import type { SessionLiveness } from './session-liveness.ts';
import { insertSession } from './session-repository.ts';
import { type TokensAnswer, toTokensAnswer } from './tokens.ts';

/** From an address with a success this recent the account's own limit does not apply: guessing locks nobody out. */
export const KNOWN_ADDRESS_MS = 30 * 86_400_000;
const USER_AGENT_LENGTH_MAX = 512;

export interface LogIn {
  email: string;
  password: string;
  origin: SessionOrigin;
  signal?: AbortSignal | undefined;
}

/** Where a session is used from. */
export interface SessionOrigin {
  userAgent: string | undefined;
  address: string;
  addressKey: string;
}

export interface LogInDeps {
  pool: Pool;
  hasher: PasswordHasher;
  accessTokens: AccessTokenIssuer;
  accountLimit: Pick<RateLimiter, 'consume'>;
  liveness: Pick<SessionLiveness, 'announceEnded'>;
  clock: Clock;
  newId: () => string;
  refreshTokenTtlMs: number;
  sessionTtlMs: number;
  outcomes: Counter;
}

/** Opens a session. Wrong, unknown and disabled cost the same work and answer the same. */
export async function logIn(deps: LogInDeps, command: LogIn): Promise<TokensAnswer> {
  const canonical = canonicalEmail(command.email);
  const credentials = await findCredentials(deps.pool, canonical, command.origin.addressKey);
  await consumeAccountLimit(deps, canonical, credentials);
  const matches =
    credentials === undefined
      ? await deps.hasher.verifyNobody(command.password, command.signal)
      : await deps.hasher.verify(credentials.passwordHash, command.password, command.signal);
  const tokens =
    credentials === undefined || !matches || credentials.disabled
      ? undefined
      : await openSession(deps, credentials, command.origin);
  deps.outcomes.inc({ outcome: tokens === undefined ? 'refused' : 'success' });
  if (tokens === undefined) throw new Refusal('invalid-credentials', 'The e-mail address or the password is wrong');
  return tokens;
}

async function consumeAccountLimit(
  deps: LogInDeps,
  canonical: string,
  credentials: Credentials | undefined,
): Promise<void> {
  const knownAt = credentials?.knownAddressAt?.getTime() ?? Number.NEGATIVE_INFINITY;
  if (deps.clock.now().getTime() - knownAt <= KNOWN_ADDRESS_MS) return;
  await deps.accountLimit.consume(canonical);
}

async function openSession(
  deps: LogInDeps,
  credentials: Credentials,
  origin: SessionOrigin,
): Promise<TokensAnswer | undefined> {
  const { clock, newId } = deps;
  const now = clock.now();
  const sessionId = newId();
  const refreshToken = toRefreshToken(randomBytes(REFRESH_TOKEN_BYTES));
  const opened = await insertSession(deps.pool, {
    id: sessionId,
    userId: credentials.userId,
    passwordHash: credentials.passwordHash,
    at: now,
    expiresAt: new Date(now.getTime() + deps.sessionTtlMs),
    userAgent: toStoredUserAgent(origin.userAgent),
    ip: origin.address,
    addressKey: origin.addressKey,
    refreshTokenHash: hashRefreshToken(refreshToken),
    refreshTokenExpiresAt: new Date(now.getTime() + Math.min(deps.refreshTokenTtlMs, deps.sessionTtlMs)),
  });
  if (opened === undefined) return undefined;
  const { ended, ...owner } = opened;
  await deps.liveness.announceEnded(ended);
  const access = await deps.accessTokens.issue({ userId: credentials.userId, sessionId, ...owner });
  return toTokensAnswer(access, refreshToken);
}

/** A header is bytes in latin1; what PostgreSQL cannot keep or nobody can read is dropped. */
export function toStoredUserAgent(userAgent: string | undefined): string | null {
  const text = userAgent?.replace(/\p{Cc}/gu, '').slice(0, USER_AGENT_LENGTH_MAX) ?? '';
  return text === '' ? null : text.toWellFormed();
}

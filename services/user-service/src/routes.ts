import { createSealer, type RouteDefinition } from '@souk/http';
import type { ServiceContext } from '@souk/service-runtime';
import { addressRoutes } from './addresses/address-routes.ts';
import type { Config } from './config.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { keyRoutes } from './keys/key-routes.ts';
import { createLimits } from './limits.ts';
import { createCommonPasswords } from './passwords/common-passwords.ts';
import { createPasswordHasher } from './passwords/password-hasher.ts';
import { createPasswordPolicy } from './passwords/password-policy.ts';
import { passwordRoutes } from './passwords/password-routes.ts';
import type { RevocationFeed } from './revocations/revocation-feed.ts';
import { revocationRoutes } from './revocations/revocation-routes.ts';
import { createAccessTokenIssuer } from './sessions/access-token.ts';
import { ownSessionRoutes } from './sessions/own-session-routes.ts';
import type { SessionLiveness } from './sessions/session-liveness.ts';
import { sessionRoutes } from './sessions/session-routes.ts';
import { adminRoutes } from './users/admin-routes.ts';
import { profileRoutes } from './users/profile-routes.ts';
import { registrationRoutes } from './users/registration-routes.ts';

export interface Parts {
  prisma: PrismaClient;
  keyRing: KeyRing;
  feed: RevocationFeed;
  liveness: SessionLiveness;
  wakeRelay: () => void;
}

/** Every route with what it needs, wired by hand. */
export function createRoutes(context: ServiceContext<Config>, parts: Parts): RouteDefinition[] {
  const { pool, config, clock, newId, logger, metrics, keyValue } = context;
  const { prisma, keyRing, feed, liveness, wakeRelay } = parts;
  const hasher = createPasswordHasher({ metrics });
  const policy = createPasswordPolicy(createCommonPasswords());
  const limits = createLimits({
    keyValue,
    perMinute: config.rateLimitLoginPerMinute,
    enabled: config.rateLimitEnabled,
    logger,
  });
  const accessTokens = createAccessTokenIssuer({
    keyRing,
    issuer: config.jwtIssuer,
    audience: config.jwtAudience,
    ttlMs: config.accessTokenTtlMs,
    clock,
    newId,
  });
  const logins = metrics.counter('souk_logins_total', 'Logins by outcome', ['outcome']);
  const refreshes = metrics.counter('souk_refreshes_total', 'Uses of refresh tokens by outcome', ['outcome']);
  const lifetimes = { refreshTokenTtlMs: config.refreshTokenTtlMs, sessionTtlMs: config.sessionTtlMs };
  const sealer = createSealer({ secret: config.internalSecret, purpose: 'password-reset' });
  const base = { pool, clock, newId, logger, liveness, wakeRelay, hasher, policy, accessTokens };
  const lists = { prisma, clock, newId, pool, cursorSecret: config.internalSecret };
  return [
    ...keyRoutes({ keyRing }),
    ...revocationRoutes({ feed }),
    ...registrationRoutes({
      register: { ...base, accountLimit: limits.registration.account },
      guard: limits.registration,
    }),
    ...sessionRoutes({
      logIn: { ...base, ...lifetimes, accountLimit: limits.login.account, outcomes: logins },
      refresh: { ...base, ...lifetimes, outcomes: refreshes },
      end: base,
      loginGuard: limits.login,
    }),
    ...ownSessionRoutes({ ...lists, end: base }),
    ...profileRoutes({ prisma, clock, delete: base }),
    ...passwordRoutes({
      change: { ...base, wrongPasswordLimit: limits.passwordChange },
      request: { ...base, sealer, accountLimit: limits.reset.account, ttlMs: config.passwordResetTtlMs },
      confirm: base,
      resetGuard: limits.reset,
      confirmationLimit: limits.resetConfirmation,
    }),
    ...addressRoutes(lists),
    ...adminRoutes({ ...lists, change: base }),
  ];
}

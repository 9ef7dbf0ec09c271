import { createRateLimiter, type RateLimiter } from '@souk/http';
import type { KeyValueStore } from '@souk/key-value';
import type { Logger } from '@souk/service-runtime';
import type { MiddlewareHandler } from 'hono';

const WINDOW_MS = 60_000;

/** One thing that is guarded: its address limit stands before the route, its account limit where the account is known. */
export interface Guard {
  address: MiddlewareHandler;
  account: RateLimiter;
}

export interface Limits {
  login: Guard;
  registration: Guard;
  reset: Guard;
  /** Setting a new password with a token from a mail: by address alone, there is no account to name. */
  resetConfirmation: MiddlewareHandler;
  /** Current passwords tried by somebody who holds an access token. */
  passwordChange: RateLimiter;
}

export interface LimitOptions {
  keyValue: KeyValueStore;
  perMinute: number;
  enabled: boolean;
  logger: Logger;
}

/**
 * Fixed windows in the key-value store. While it is away nothing is let through where anyone may come: guessing must not
 * become free. Who is signed in goes on: it takes a stolen token and an outage at once to guess then.
 */
export function createLimits(options: LimitOptions): Limits {
  const limiter = (name: string, whenUnavailable: 'closed' | 'open' = 'closed') =>
    createRateLimiter({
      keyValue: options.keyValue,
      name,
      limit: options.perMinute,
      windowMs: WINDOW_MS,
      whenUnavailable,
      enabled: options.enabled,
      logger: options.logger,
    });
  const guard = (name: string): Guard => ({
    address: limiter(`${name}:address`).middleware,
    account: limiter(`${name}:account`),
  });
  return {
    login: guard('login'),
    registration: guard('registration'),
    reset: guard('password-reset'),
    resetConfirmation: limiter('password-reset-confirmation:address').middleware,
    passwordChange: limiter('password-change:account', 'open'),
  };
}

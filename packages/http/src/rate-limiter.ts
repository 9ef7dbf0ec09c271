import type { KeyValueStore } from '@souk/key-value';
import type { Logger } from '@souk/service-runtime';
import type { MiddlewareHandler } from 'hono';
import type { RequestContext } from './request-context.ts';

export interface RateLimiterOptions {
  keyValue: KeyValueStore;
  /** Part of every key: `login`. */
  name: string;
  limit: number;
  windowMs: number;
  /** Whom a request counts for; undefined = not limited. Only `middleware` needs it; default: the client's address. */
  keyOf?: (request: RequestContext) => string | undefined;
  /** What happens while the store does not answer: `closed` refuses with 503, `open` lets through. Default `closed`. */
  whenUnavailable?: 'closed' | 'open';
  /** False lets everything through. Default true. */
  enabled?: boolean;
  logger?: Logger;
}

export interface RateLimit {
  allowed: boolean;
  limit: number;
  remaining: number;
  resetSeconds: number;
}

export interface RateLimiter {
  /** For a route's `limits`. */
  middleware: MiddlewareHandler;
  /** Counts one for `key` and throws `Refusal` `rate-limited` (with the headers) when that is one too many. */
  consume(key: string): Promise<RateLimit>;
  /** Forgets what `key` has used. */
  reset(key: string): Promise<void>;
}

/** A fixed window per key, counted in the key-value store, on hono-rate-limiter. */
export function createRateLimiter(_options: RateLimiterOptions): RateLimiter {
  return undefined as never;
}

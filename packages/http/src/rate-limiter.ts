import { Refusal } from '@souk/contracts';
import { type KeyValueStore, KeyValueUnavailableError } from '@souk/key-value';
import type { Logger } from '@souk/service-runtime';
import type { MiddlewareHandler } from 'hono';
import { type ClientRateLimitInfo, rateLimiter, type Store } from 'hono-rate-limiter';
import { addressKeyOf } from './client-address.ts';
import { REQUEST_VARIABLE } from './pipeline.ts';
import { RefusalWithHeaders } from './problem.ts';
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
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { keyValue, name, limit, windowMs, enabled = true, whenUnavailable = 'closed', logger } = options;
  const keyOf = options.keyOf ?? ((request: RequestContext) => addressKeyOf(request.address));
  const storeKey = (key: string) => `rate:${name}:${key}`;

  const increment = async (key: string): Promise<{ value: number; ttlMs: number }> => {
    try {
      return await keyValue.increment(storeKey(key), 1, { ttlMs: windowMs });
    } catch (error) {
      if (!(error instanceof KeyValueUnavailableError)) throw error;
      logger?.warn({ limiter: name, error }, 'A limit cannot be counted');
      if (whenUnavailable === 'open') return { value: 0, ttlMs: windowMs };
      throw new Refusal('unavailable', 'Requests cannot be counted at the moment; try again', {
        retryAfterSeconds: 1,
        cause: error,
      });
    }
  };
  const store: Store = {
    prefix: storeKey(''),
    async increment(key): Promise<ClientRateLimitInfo> {
      const { value, ttlMs } = await increment(key);
      return { totalHits: value, resetTime: new Date(Date.now() + ttlMs) };
    },
    async decrement(key) {
      await keyValue.increment(storeKey(key), -1, { ttlMs: windowMs });
    },
    resetKey: (key) => keyValue.delete([storeKey(key)]),
  };
  const limitOf = (used: number, ttlMs: number): RateLimit => ({
    allowed: used <= limit,
    limit,
    remaining: Math.max(0, limit - used),
    resetSeconds: Math.max(1, Math.ceil(ttlMs / 1000)),
  });
  return {
    middleware: rateLimiter({
      windowMs,
      limit,
      standardHeaders: 'draft-7',
      store,
      skip: (c) => !enabled || keyOf(c.get(REQUEST_VARIABLE as never)) === undefined,
      keyGenerator: (c) => keyOf(c.get(REQUEST_VARIABLE as never)) ?? '',
      // Thrown, so that it becomes a problem like every other; the limiter has set the RateLimit headers already.
      handler: (c) => {
        const info = c.get('rateLimit' as never) as { resetTime?: Date } | undefined;
        throw refusal(limitOf(limit + 1, (info?.resetTime?.getTime() ?? Date.now() + windowMs) - Date.now()), windowMs);
      },
    }),
    async consume(key) {
      if (!enabled) return limitOf(0, windowMs);
      const { value, ttlMs } = await increment(key);
      const used = limitOf(value, ttlMs);
      if (!used.allowed) throw refusal(used, windowMs);
      return used;
    },
    reset: (key) => keyValue.delete([storeKey(key)]),
  };
}

function refusal({ limit, remaining, resetSeconds }: RateLimit, windowMs: number): Refusal {
  return new RefusalWithHeaders('rate-limited', `Expected at most ${limit} requests in ${windowMs / 1000} s`, {
    retryAfterSeconds: resetSeconds,
    headers: {
      'ratelimit-policy': `${limit};w=${Math.ceil(windowMs / 1000)}`,
      ratelimit: `limit=${limit}, remaining=${remaining}, reset=${resetSeconds}`,
    },
  });
}

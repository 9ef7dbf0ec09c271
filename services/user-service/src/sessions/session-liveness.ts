import { Refusal } from '@souk/contracts';
import type { KeyValueStore } from '@souk/key-value';
import type { Clock, Logger, Pool, Worker } from '@souk/service-runtime';
import type { RevocationFeed } from '../revocations/revocation-feed.ts';
import { isSessionLive, touchSession } from './session-repository.ts';

/** Below one second, so that even a cache that missed a revocation keeps the promise of one second. */
const CACHED_LIVE_MS = 700;
/** `lastUsedAt` moves at most this often by mere use; refreshing moves it anyway. */
const TOUCH_INTERVAL_MS = 60_000;
const CHANNEL = 'user:revocations';

export interface SessionLivenessOptions {
  pool: Pool;
  keyValue: KeyValueStore;
  feed: RevocationFeed;
  /** How long a revoked session's tokens could still be presented. */
  tokenLifeMs: number;
  clock: Clock;
  logger: Logger;
}

export interface SessionLiveness extends Worker {
  /** Throws `Refusal` `unauthorized` for the token of a session that has ended. */
  assertLive(sessionId: string): Promise<void>;
  /** After the commit that ended them: blacklists in Redis, empties the cache, wakes every replica's polls. */
  announceEnded(sessionIds: readonly string[]): Promise<void>;
}

/**
 * Whether a session lives. PostgreSQL decides. Redis spares it questions: a blacklist that only ever refuses, and a cache of
 * "lives" that is younger than a second. Without Redis every question goes to PostgreSQL.
 */
export function createSessionLiveness(options: SessionLivenessOptions): SessionLiveness {
  const { pool, keyValue, feed, clock, logger } = options;
  let unsubscribe: (() => Promise<void>) | undefined;

  async function cached(sessionId: string): Promise<'live' | 'revoked' | undefined> {
    try {
      const [revoked, live] = await keyValue.getMany([blacklistKey(sessionId), liveKey(sessionId)]);
      if (revoked !== undefined) return 'revoked';
      return live === undefined ? undefined : 'live';
    } catch {
      return undefined;
    }
  }

  async function remember(sessionId: string): Promise<void> {
    try {
      await keyValue.set(liveKey(sessionId), '1', { ttlMs: CACHED_LIVE_MS });
      const isDue = await keyValue.set(touchedKey(sessionId), '1', { ttlMs: TOUCH_INTERVAL_MS, onlyIfAbsent: true });
      if (isDue) await touchSession(pool, sessionId, clock.now());
    } catch (error) {
      logger.debug({ error }, 'Could not note the use of a session');
    }
  }

  async function announce(sessionIds: readonly string[]): Promise<void> {
    // All at once: a store that hangs costs one time-out, not three.
    await Promise.all([
      ...sessionIds.map((id) => keyValue.set(blacklistKey(id), '1', { ttlMs: options.tokenLifeMs })),
      keyValue.delete(sessionIds.map(liveKey)),
      keyValue.publish(CHANNEL, 'wake'),
    ]);
  }

  return {
    name: 'session-liveness',
    async start() {
      // A store that is down at the start must not keep the service down: the feed reads every 200 ms anyway.
      try {
        unsubscribe = await keyValue.subscribe(CHANNEL, () => feed.wake());
      } catch (error) {
        logger.warn({ error }, 'Could not subscribe to wake-ups of revocations');
      }
    },
    async stop() {
      await unsubscribe?.().catch(() => {});
    },
    async assertLive(sessionId) {
      if (feed.isRevoked(sessionId)) throw sessionEnded();
      const known = await cached(sessionId);
      if (known === 'live') return;
      if (known === 'revoked' || !(await isSessionLive(pool, sessionId, clock.now()))) throw sessionEnded();
      // Not waited for: the request owes nothing to the cache. It never rejects.
      void remember(sessionId);
    },
    async announceEnded(sessionIds) {
      if (sessionIds.length === 0) return;
      feed.add(sessionIds);
      feed.wake();
      try {
        await announce(sessionIds);
      } catch (error) {
        logger.warn({ error, sessions: sessionIds.length }, 'Revoked without Redis: PostgreSQL tells the verifiers');
      }
    },
  };
}

function sessionEnded(): Refusal {
  return new Refusal('unauthorized', 'The session has ended');
}

const blacklistKey = (sessionId: string) => `user:revoked:${sessionId}`;
const liveKey = (sessionId: string) => `user:session-live:${sessionId}`;
const touchedKey = (sessionId: string) => `user:session-touched:${sessionId}`;

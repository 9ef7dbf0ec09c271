import type { Increment, KeyValueStore } from '@souk/key-value';
import type { Clock, Logger } from '@souk/service-runtime';

const WINDOW_MS = 60_000;
/** A twentieth of the limit at a time: a replica asks the store for every 30th request of a client, not for each. */
const LEASES_PER_WINDOW = 20;
/** A store that just failed is not asked again for so long: its 250 ms would be added to every request. */
const STORE_REST_MS = 1_000;
/** Clients remembered within a window; the oldest are forgotten first and lease anew. */
const CLIENTS_MAX = 100_000;

export interface RateLimitDecision {
  allowed: boolean;
  limit: number;
  /** As far as this replica knows. */
  remaining: number;
  resetSeconds: number;
}

export interface LeasedRateLimiter {
  /** Counts one request of `client`; a promise only where a lease has to be taken. */
  consume(client: string, limit: number): RateLimitDecision | Promise<RateLimitDecision>;
}

/** What this replica holds of one client's window. */
interface Share {
  /** Requests that may still pass without asking. */
  leased: number;
  /** Requests that passed here. */
  passed: number;
  /** What the store said was taken by all replicas. */
  taken: number;
  exhausted: boolean;
  lease: Promise<void> | undefined;
}

/**
 * A fixed window of a minute per client, shared by all replicas through the key-value store, decided in memory: a lease
 * of counts is taken from the store and spent here, so that never more than the limit passes. While the store does not
 * answer, each replica counts by itself.
 */
export function createLeasedRateLimiter(options: {
  keyValue: KeyValueStore;
  clock: Clock;
  logger: Logger;
}): LeasedRateLimiter {
  const { keyValue, clock, logger } = options;
  let shares = new Map<string, Share>();
  let currentWindow = -1;
  let storeRestsUntilMs = 0;

  function shareOf(client: string, window: number): Share {
    if (window !== currentWindow) {
      currentWindow = window;
      shares = new Map();
    }
    let share = shares.get(client);
    if (share === undefined) {
      share = { leased: 0, passed: 0, taken: 0, exhausted: false, lease: undefined };
      if (shares.size >= CLIENTS_MAX) forgetOldest(shares);
      shares.set(client, share);
    }
    return share;
  }

  async function takeLease(share: Share, client: string, limit: number): Promise<void> {
    const size = Math.max(1, Math.ceil(limit / LEASES_PER_WINDOW));
    try {
      const key = `rate-limit:${currentWindow}:${client}`;
      const counted: Increment = await keyValue.increment(key, size, { ttlMs: WINDOW_MS + 5_000 });
      const before = counted.value - size;
      share.taken = Math.min(limit, counted.value);
      share.leased += Math.max(0, Math.min(size, limit - before));
      share.exhausted = share.leased === 0;
    } catch (error) {
      if (clock.now().getTime() >= storeRestsUntilMs) logger.warn({ error }, 'Rate limits are counted locally');
      storeRestsUntilMs = clock.now().getTime() + STORE_REST_MS;
      leaseLocally(share, limit);
    }
  }

  return {
    consume(client, limit) {
      const nowMs = clock.now().getTime();
      const share = shareOf(client, Math.floor(nowMs / WINDOW_MS));
      if (share.leased > 0 || share.exhausted) return decide(share, limit, nowMs);
      if (nowMs < storeRestsUntilMs) {
        leaseLocally(share, limit);
        return decide(share, limit, nowMs);
      }
      return (async () => {
        // Requests that come meanwhile wait for the same lease; a large crowd needs more than one.
        while (share.leased === 0 && !share.exhausted) {
          share.lease ??= takeLease(share, client, limit).finally(() => {
            share.lease = undefined;
          });
          await share.lease;
        }
        return decide(share, limit, nowMs);
      })();
    },
  };
}

function decide(share: Share, limit: number, nowMs: number): RateLimitDecision {
  const allowed = share.leased > 0;
  if (allowed) {
    share.leased -= 1;
    share.passed += 1;
  }
  const remaining = Math.max(0, limit - share.taken) + share.leased;
  return { allowed, limit, remaining, resetSeconds: Math.ceil((WINDOW_MS - (nowMs % WINDOW_MS)) / 1_000) };
}

/** What passed here counts, whoever allowed it; what other replicas let pass is not known. */
function leaseLocally(share: Share, limit: number): void {
  share.leased = Math.max(0, limit - share.passed);
  share.taken = limit;
  share.exhausted = share.leased === 0;
}

function forgetOldest(shares: Map<string, Share>): void {
  const oldest = shares.keys().next();
  if (!oldest.done) shares.delete(oldest.value);
}

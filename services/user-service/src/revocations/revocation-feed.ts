import { Refusal } from '@souk/contracts';
import { createSweep, type Logger, type Metrics, type Worker } from '@souk/service-runtime';
import { decodeRevocationCursor, encodeRevocationCursor } from './revocation-cursor.ts';
import type { Revocation, RevocationsRead } from './revocation-repository.ts';

/** A transaction that commits late shows its row behind newer ones: this much is read and told again. */
export const LATE_COMMIT_OVERLAP_MS = 5_000;
/** A poll without news is answered after this. */
export const POLL_WAIT_MS = 500;
export const WAITING_POLLS_MAX = 256;
/** Between two readings; a revocation that another replica wrote is seen this late even without Redis. */
const READ_INTERVAL_MS = 200;
/** Older knowledge is not passed on: the verifiers must notice that nobody knows. */
const STALE_AFTER_MS = 1_000;

export interface RevocationFeedOptions {
  /** From PostgreSQL: what was revoked after `since`, or everything that is kept. */
  read: (since: Date | undefined) => Promise<RevocationsRead>;
  /** Entries older than this are dropped: the life of a token and the tolerance of clocks. */
  keepMs: number;
  logger: Logger;
  metrics: Metrics;
  /** Monotonic milliseconds. */
  monotonicMs?: () => number;
}

export interface RevocationPage {
  items: { sessionId: string; at: string }[];
  next: string;
}

export interface RevocationFeed extends Worker {
  /** News at once, else an answer after 500 ms; `unavailable` when too many wait or PostgreSQL does not answer. */
  poll(after: string | undefined, signal?: AbortSignal): Promise<RevocationPage>;
  isRevoked(sessionId: string): boolean;
  /** Takes effect in this process now, before it is read back. */
  add(sessionIds: readonly string[]): void;
  /** Something was revoked: read soon. */
  wake(): void;
  waitingPolls(): number;
}

/** The revocations of one token life, read from PostgreSQL in one place for all who wait in this process. */
export function createRevocationFeed(options: RevocationFeedOptions): RevocationFeed {
  const { monotonicMs = () => performance.now() } = options;
  const entries = new Map<number, Revocation>();
  const revokedSessions = new Map<string, number>();
  const waiting = new Set<() => void>();
  let newestPosition = 0;
  let lastReadAt: Date | undefined;
  let lastReadMs = Number.NEGATIVE_INFINITY;
  let firstRead: Promise<void> | undefined;
  let stopped = false;

  const readOnce = async () => {
    const startedMs = monotonicMs();
    const since = lastReadAt === undefined ? undefined : new Date(lastReadAt.getTime() - LATE_COMMIT_OVERLAP_MS);
    const { items, readAt } = await options.read(since);
    const news = items.filter((item) => !entries.has(item.position));
    for (const item of news) {
      entries.set(item.position, item);
      revokedSessions.set(item.sessionId, item.at.getTime());
      newestPosition = Math.max(newestPosition, item.position);
    }
    lastReadAt = readAt;
    lastReadMs = startedMs;
    forgetBefore(readAt.getTime() - options.keepMs);
    if (news.length > 0) releaseAll();
  };
  const forgetBefore = (limitMs: number) => {
    for (const [position, entry] of entries) if (entry.at.getTime() < limitMs) entries.delete(position);
    for (const [sessionId, atMs] of revokedSessions) if (atMs < limitMs) revokedSessions.delete(sessionId);
  };
  const releaseAll = () => {
    for (const release of [...waiting]) release();
  };
  const sweep = createSweep({
    name: 'revocation-feed',
    intervalMs: READ_INTERVAL_MS,
    run: readOnce,
    logger: options.logger,
    metrics: options.metrics,
  });
  options.metrics.gauge('souk_revocation_polls_waiting', 'Polls for revocations that wait for news', {
    collect: (gauge) => gauge.set(waiting.size),
  });

  function wait(signal: AbortSignal | undefined): Promise<void> {
    if (waiting.size >= WAITING_POLLS_MAX) {
      throw new Refusal('unavailable', 'Too many polls are waiting', { retryAfterSeconds: 1 });
    }
    return new Promise((resolve) => {
      const release = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', release);
        waiting.delete(release);
        resolve();
      };
      const timer = setTimeout(release, POLL_WAIT_MS).unref();
      signal?.addEventListener('abort', release, { once: true });
      waiting.add(release);
    });
  }

  function pageAfter(position: number, readAtMs: number): RevocationPage {
    const overlapMs = readAtMs - LATE_COMMIT_OVERLAP_MS;
    const items = [...entries.values()].filter((entry) => entry.position > position || entry.at.getTime() > overlapMs);
    return {
      items: items.map(({ sessionId, at }) => ({ sessionId, at: at.toISOString() })),
      next: encodeRevocationCursor({ position: newestPosition, readAtMs: lastReadAt?.getTime() ?? 1 }),
    };
  }

  return {
    name: 'revocation-feed',
    async start() {
      stopped = false;
      await sweep.start();
    },
    async stop() {
      stopped = true;
      releaseAll();
      await sweep.stop();
    },
    wake: () => sweep.wake(),
    waitingPolls: () => waiting.size,
    isRevoked: (sessionId) => revokedSessions.has(sessionId),
    add(sessionIds) {
      const atMs = Date.now();
      for (const sessionId of sessionIds) revokedSessions.set(sessionId, atMs);
    },
    async poll(after, signal) {
      const cursor = after === undefined ? { position: 0, readAtMs: 0 } : decodeRevocationCursor(after);
      if (lastReadAt === undefined) {
        firstRead ??= readOnce().finally(() => {
          firstRead = undefined;
        });
        await firstRead;
      }
      // A cursor from beyond what there is comes from a database that was set back since: tell everything.
      const known = cursor.position <= newestPosition ? cursor : { position: 0, readAtMs: 0 };
      const isFresh = () => monotonicMs() - lastReadMs <= STALE_AFTER_MS;
      const hasNews = after === undefined || newestPosition > known.position;
      if (!(hasNews && isFresh()) && !stopped) await wait(signal);
      if (!isFresh()) {
        throw new Refusal('unavailable', 'Revocations cannot be read at the moment', { retryAfterSeconds: 1 });
      }
      return pageAfter(known.position, known.readAtMs);
    },
  };
}

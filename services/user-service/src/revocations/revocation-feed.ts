import { Refusal } from '@souk/contracts';
import { createSweep, type Logger, type Metrics, type Worker } from '@souk/service-runtime';
import { decodeRevocationCursor, type RevocationCursor } from './revocation-cursor.ts';
import { createRevocationLog, type RevocationPage } from './revocation-log.ts';
import type { RevocationsRead } from './revocation-repository.ts';
import { createWaitingPolls } from './waiting-polls.ts';

/** Between two readings; a revocation that another replica wrote is seen this late even without Redis. */
const READ_INTERVAL_MS = 200;
/** Older knowledge is not passed on: the verifiers must notice that nobody knows. */
const STALE_AFTER_MS = 1_000;
const FROM_THE_START: RevocationCursor = { position: 0, readAtMs: 0 };

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

/** The revocations, read from PostgreSQL in one place for all who wait in this process. */
export function createRevocationFeed(options: RevocationFeedOptions): RevocationFeed {
  const { monotonicMs = () => performance.now() } = options;
  const log = createRevocationLog({ keepMs: options.keepMs });
  const polls = createWaitingPolls();
  let lastReadMs = Number.NEGATIVE_INFINITY;
  let firstRead: Promise<void> | undefined;
  let stopped = false;

  const readOnce = async () => {
    const startedMs = monotonicMs();
    const hasNews = log.take(await options.read(log.readSince()));
    lastReadMs = startedMs;
    if (hasNews) polls.releaseAll();
  };
  const isFresh = () => monotonicMs() - lastReadMs <= STALE_AFTER_MS;
  const sweep = createSweep({
    name: 'revocation-feed',
    intervalMs: READ_INTERVAL_MS,
    run: readOnce,
    logger: options.logger,
    metrics: options.metrics,
  });
  options.metrics.gauge('souk_revocation_polls_waiting', 'Polls for revocations that wait for news', {
    collect: (gauge) => gauge.set(polls.count()),
  });

  return {
    name: 'revocation-feed',
    async start() {
      stopped = false;
      await sweep.start();
    },
    async stop() {
      stopped = true;
      polls.releaseAll();
      await sweep.stop();
    },
    wake: () => sweep.wake(),
    waitingPolls: () => polls.count(),
    isRevoked: (sessionId) => log.isRevoked(sessionId),
    add: (sessionIds) => log.add(sessionIds),
    async poll(after, signal) {
      const cursor = after === undefined ? FROM_THE_START : decodeRevocationCursor(after);
      if (log.readSince() === undefined) {
        firstRead ??= readOnce().finally(() => {
          firstRead = undefined;
        });
        await firstRead;
      }
      // A cursor from beyond what there is comes from a database that was set back since: tell everything.
      const known = cursor.position <= log.newestPosition() ? cursor : FROM_THE_START;
      const hasNews = after === undefined || known.page !== undefined || log.newestPosition() > known.position;
      if (!(hasNews && isFresh()) && !stopped) await polls.wait(signal);
      if (!isFresh()) {
        throw new Refusal('unavailable', 'Revocations cannot be read at the moment', { retryAfterSeconds: 1 });
      }
      return log.pageAfter(known);
    },
  };
}

import type { Clock, Health, Logger, Metrics, Pool, Worker } from '@souk/service-runtime';
import { transaction } from '@souk/service-runtime';
import { tooManyStreams } from './order-errors.ts';
import { timelineRepository } from './timeline-repository.ts';
import { createTimelineStream, type TimelineStream } from './timeline-stream.ts';

/** Revocation, expiry and a stopping process are looked at so often; a revoked token's stream must be gone within 1 s. */
const TICK_MS = 250;
/** Entries that another replica or a consumer wrote are found by asking, once for all streams. */
const POLL_MS = 500;
const COMMENT_EVERY_MS = 5_000;
/** A stream's place outlives its process by at most this. */
const PLACE_LEASE_MS = 15_000;

export interface TimelineHubOptions {
  pool: Pool;
  clock: Clock;
  newId: () => string;
  logger: Logger;
  metrics: Metrics;
  health: Health;
  isRevoked: (sessionId: string) => boolean;
  streamsPerUserMax: number;
  streamDurationMaxMs: number;
}

export interface OpenTimeline {
  orderId: string;
  userId: string;
  sessionId: string;
  tokenExpiresAt: Date;
  /** The last entry that the client has. */
  afterSequence: number;
}

/** Follows timelines for all open streams of this process. */
export interface TimelineHub extends Worker {
  /** Throws `Refusal` `rate-limited` when the user has too many open. */
  open(wish: OpenTimeline): Promise<ReadableStream<Uint8Array>>;
  /** Entries of these orders were committed. */
  notify(orderIds: readonly string[]): void;
}

export function createTimelineHub(options: TimelineHubOptions): TimelineHub {
  const { pool, clock, logger } = options;
  const streams = new Map<string, TimelineStream>();
  const watch = createWatch(options, streams);
  options.metrics.gauge('souk_timeline_streams', 'Open timeline streams', {
    collect: (gauge) => gauge.set(streams.size),
  });

  const forget = (stream: TimelineStream) => {
    if (!streams.delete(stream.id)) return;
    if (streams.size === 0) watch.stop();
    timelineRepository.closeStream(pool, stream.id).catch((error: unknown) => {
      logger.warn({ error }, 'A stream was closed, its place is free when the lease ends');
    });
  };

  return {
    name: 'timeline-hub',
    start() {},
    async stop() {
      for (const stream of streams.values()) stream.close();
      watch.stop();
      await Promise.resolve();
    },
    async open(wish) {
      const now = clock.now();
      const id = await takePlace(options, wish.userId, now);
      const { orderId, sessionId, afterSequence } = wish;
      const { stream, body } = createTimelineStream({
        ...{ id, orderId, sessionId, afterSequence, logger },
        openedAtMs: now.getTime(),
        closesAtMs: Math.min(wish.tokenExpiresAt.getTime(), now.getTime() + options.streamDurationMaxMs),
        read: (after) => timelineRepository.listAfter(pool, orderId, after),
        onClose: forget,
      });
      streams.set(id, stream);
      watch.start();
      stream.deliver(Number.MAX_SAFE_INTEGER);
      return body;
    },
    notify(orderIds) {
      if (streams.size === 0) return;
      for (const stream of streams.values())
        if (orderIds.includes(stream.orderId)) stream.deliver(Number.MAX_SAFE_INTEGER);
    },
  };
}

async function takePlace(options: TimelineHubOptions, userId: string, now: Date): Promise<string> {
  const id = options.newId();
  const max = options.streamsPerUserMax;
  const expiresAt = new Date(now.getTime() + PLACE_LEASE_MS);
  const isTaken = await transaction(options.pool, (tx) =>
    timelineRepository.openStream(tx, { id, userId, max, now, expiresAt }),
  );
  if (!isTaken) throw tooManyStreams(max);
  return id;
}

/** One timer for all streams: closes those whose time is over, and asks once for the news of all. */
function createWatch(options: TimelineHubOptions, streams: ReadonlyMap<string, TimelineStream>) {
  const { pool, clock, logger, health, isRevoked } = options;
  let timer: NodeJS.Timeout | undefined;
  let polledAtMs = 0;
  let polling = false;

  const poll = async (nowMs: number) => {
    const open = [...streams.values()];
    if (open.length === 0) return;
    const sequences = await timelineRepository.lastSequences(pool, [...new Set(open.map((stream) => stream.orderId))]);
    for (const stream of open) stream.deliver(sequences.get(stream.orderId) ?? 0);
    const due = open.filter((stream) => nowMs - stream.renewedAtMs >= PLACE_LEASE_MS / 3);
    if (due.length === 0) return;
    const ids = due.map((stream) => stream.id);
    await timelineRepository.renewStreams(pool, ids, new Date(nowMs + PLACE_LEASE_MS));
    for (const stream of due) stream.renewedAtMs = nowMs;
  };

  const tick = () => {
    const nowMs = clock.now().getTime();
    for (const stream of streams.values()) {
      if (health.draining || nowMs >= stream.closesAtMs || isRevoked(stream.sessionId)) stream.close();
      else stream.comment(nowMs, COMMENT_EVERY_MS);
    }
    if (polling || nowMs - polledAtMs < POLL_MS) return;
    polling = true;
    polledAtMs = nowMs;
    poll(nowMs)
      .catch((error: unknown) => logger.warn({ error }, 'The timelines could not be read; trying again'))
      .finally(() => {
        polling = false;
      });
  };

  return {
    start() {
      timer ??= setInterval(tick, TICK_MS).unref();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

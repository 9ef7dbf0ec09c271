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
  const { pool, clock, logger, health } = options;
  const streams = new Map<string, TimelineStream>();
  let timer: NodeJS.Timeout | undefined;
  let polledAtMs = 0;
  let polling = false;
  options.metrics.gauge('souk_timeline_streams', 'Open timeline streams', {
    collect: (gauge) => gauge.set(streams.size),
  });

  const forget = (stream: TimelineStream) => {
    if (!streams.delete(stream.id)) return;
    if (streams.size === 0) clearInterval(timer);
    timelineRepository.closeStream(pool, stream.id).catch((error: unknown) => {
      logger.warn({ error }, 'A stream was closed, its place is free when the lease ends');
    });
  };

  const tick = () => {
    const nowMs = clock.now().getTime();
    for (const stream of streams.values()) {
      if (health.draining || nowMs >= stream.closesAtMs || options.isRevoked(stream.sessionId)) stream.close();
      else stream.comment(nowMs, COMMENT_EVERY_MS);
    }
    if (!polling && nowMs - polledAtMs >= POLL_MS) {
      polling = true;
      polledAtMs = nowMs;
      poll(nowMs)
        .catch((error: unknown) => logger.warn({ error }, 'The timelines could not be read; trying again'))
        .finally(() => {
          polling = false;
        });
    }
  };

  const poll = async (nowMs: number) => {
    const open = [...streams.values()];
    if (open.length === 0) return;
    const sequences = await timelineRepository.lastSequences(pool, [...new Set(open.map((stream) => stream.orderId))]);
    for (const stream of open) stream.deliver(sequences.get(stream.orderId) ?? 0);
    const due = open.filter((stream) => nowMs - stream.renewedAtMs >= PLACE_LEASE_MS / 3);
    if (due.length === 0) return;
    await timelineRepository.renewStreams(
      pool,
      due.map((stream) => stream.id),
      new Date(nowMs + PLACE_LEASE_MS),
    );
    for (const stream of due) stream.renewedAtMs = nowMs;
  };

  return {
    name: 'timeline-hub',
    start() {},
    async stop() {
      for (const stream of streams.values()) stream.close();
      clearInterval(timer);
      await Promise.resolve();
    },
    async open(wish) {
      const now = clock.now();
      const id = options.newId();
      const max = options.streamsPerUserMax;
      const expiresAt = new Date(now.getTime() + PLACE_LEASE_MS);
      const isOpen = await transaction(pool, (tx) =>
        timelineRepository.openStream(tx, { id, userId: wish.userId, max, now, expiresAt }),
      );
      if (!isOpen) throw tooManyStreams(max);
      const { stream, body } = createTimelineStream({
        id,
        orderId: wish.orderId,
        sessionId: wish.sessionId,
        afterSequence: wish.afterSequence,
        openedAtMs: now.getTime(),
        closesAtMs: Math.min(wish.tokenExpiresAt.getTime(), now.getTime() + options.streamDurationMaxMs),
        read: (after) => timelineRepository.listAfter(pool, wish.orderId, after),
        onClose: forget,
        logger,
      });
      streams.set(id, stream);
      if (streams.size === 1) timer = setInterval(tick, TICK_MS).unref();
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

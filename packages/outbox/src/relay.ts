import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '@souk/messaging';
import type { Logger, Metrics, Pool, Worker } from '@souk/service-runtime';
import { type ClaimPublisher, publishClaim } from './claim-publisher.ts';
import { createRelayMetrics } from './relay-metrics.ts';
import { claimRows } from './relay-statements.ts';
import { createWakeUp } from './wake-up.ts';

export interface RelayOptions {
  pool: Pool;
  broker: Broker;
  logger: Logger;
  metrics: Metrics;
  /** The longest pause between two looks at the table; a wake shortens it. Default 500. */
  pollIntervalMs?: number;
  /** Most events in one claim. Default 200. */
  batchMax?: number;
  /** How long a claim holds; a dead relay's events are taken over after it. Default 3,000. */
  leaseMs?: number;
}

export interface Relay extends Worker {
  /** Called after the commit of a transaction that wrote to the outbox. */
  wake(): void;
}

/**
 * Claims follow each other at least at this distance, so that under load a claim finds several events: at 200 orders a
 * second 4 in one go instead of 1, for a quarter of the statements and at most 5 ms of delay.
 */
const CLAIM_GAP_MS = 5;
/** A publication that takes longer runs on beside the next claims: one slow message does not hold up the rest. */
const PATIENCE_MS = 50;
const BATCHES_IN_FLIGHT_MAX = 8;
const LEASE_MARGIN_MS = 500;
const OBSERVE_INTERVAL_MS = 5_000;

/**
 * The message relay of the transactional outbox: claims unpublished events by a short UPDATE, publishes them in one batch
 * and marks those that the broker confirmed. Several may run; each works with its own claims only. An event goes out at
 * least once, after the earlier events of its aggregate.
 */
export function createRelay(options: RelayOptions): Relay {
  const { broker, logger, pool } = options;
  const { batchMax = 200, leaseMs = 3_000, pollIntervalMs = 500 } = options;
  const metrics = createRelayMetrics(options.metrics);
  const wakeUp = createWakeUp();
  const inFlight = new Set<Promise<void>>();
  let stopped = false;
  let readable = true;
  const timeoutMs = Math.max(100, leaseMs - LEASE_MARGIN_MS);
  const publisher: ClaimPublisher = { pool, broker, logger, metrics, timeoutMs, isStopped: () => stopped };
  let loop: Promise<void> | undefined;
  let stopListening: (() => void) | undefined;

  async function run(): Promise<void> {
    let observedAt = Number.NEGATIVE_INFINITY;
    while (!stopped) {
      wakeUp.reset();
      const startedAt = performance.now();
      if (startedAt - observedAt > OBSERVE_INTERVAL_MS) {
        observedAt = startedAt;
        await metrics.observe(pool).catch((error: unknown) => logger.debug({ error }, 'Outbox was not measured'));
      }
      const claimed = await claimNext();
      const gapMs = CLAIM_GAP_MS - (performance.now() - startedAt);
      if (gapMs > 0) await sleep(gapMs);
      if (claimed < batchMax) await wakeUp.wait(pollIntervalMs);
    }
  }

  /** Returns how many events were claimed; waits for their publication only as long as it is quick. */
  async function claimNext(): Promise<number> {
    if (!broker.isReady() || inFlight.size >= BATCHES_IN_FLIGHT_MAX) return 0;
    const claimId = randomUUID();
    const claim = await claimRows(pool, { claimId, leaseMs, batchMax }).catch(reportFailure);
    if (claim === undefined) return 0;
    if (!readable) logger.info('Outbox can be read again');
    readable = true;
    if (claim.rows.length === 0) return 0;
    const publication = publishClaim(publisher, claimId, claim.rows).then(() => {
      inFlight.delete(publication);
      // Later events of the same aggregates wait for the earlier ones, or a slot became free.
      if (claim.heldBack > 0 || inFlight.size === BATCHES_IN_FLIGHT_MAX - 1) wakeUp.wake();
    });
    inFlight.add(publication);
    await Promise.race([publication, sleep(PATIENCE_MS, undefined, { ref: false })]);
    return claim.rows.length;
  }

  /** Told once for each outage, not at each poll. */
  function reportFailure(error: unknown): undefined {
    if (readable) logger.warn({ error }, 'Outbox could not be read and will be polled again');
    readable = false;
  }

  return {
    name: 'outbox-relay',
    start() {
      stopListening = broker.onReady(wakeUp.wake);
      loop = run();
    },
    async stop() {
      stopped = true;
      stopListening?.();
      wakeUp.wake();
      await loop;
      await Promise.all(inFlight);
    },
    wake: wakeUp.wake,
  };
}

import type { Broker, OutgoingMessage, PublishOutcome } from '@souk/messaging';
import type { Logger, Pool } from '@souk/service-runtime';
import type { RelayMetrics } from './relay-metrics.ts';
import { type ClaimedRow, markPublished, releaseRows, toMessage } from './relay-statements.ts';

export interface ClaimPublisher {
  pool: Pool;
  broker: Broker;
  logger: Logger;
  metrics: RelayMetrics;
  /** A publication gives up before its claim expires, so that it is decided before another relay begins. */
  timeoutMs: number;
  isStopped: () => boolean;
}

/** Publishes what a claim holds, and marks what the broker confirmed. Never rejects. */
export async function publishClaim(
  publisher: ClaimPublisher,
  claimId: string,
  rows: readonly ClaimedRow[],
): Promise<void> {
  const { broker, logger, timeoutMs } = publisher;
  try {
    const messages: OutgoingMessage[] = rows.map(toMessage);
    const outcomes = await broker.publish(messages, { timeoutMs });
    const withOutcome = (outcome: PublishOutcome) => rows.filter((_, index) => outcomes[index] === outcome);
    reportReturned(publisher, withOutcome('returned'));
    await mark(publisher, claimId, withOutcome('confirmed'));
    await giveUp(publisher, claimId, withOutcome('failed'));
  } catch (error) {
    // The claims expire, then the events go out once more: consumers know their ids.
    logger.warn({ error, events: rows.length }, 'Claimed events could not be settled and will be repeated');
  }
}

async function mark(
  { metrics, pool }: ClaimPublisher,
  claimId: string,
  confirmed: readonly ClaimedRow[],
): Promise<void> {
  for (const seconds of await markPublished(pool, claimId, confirmed)) metrics.delay.observe(seconds);
}

/** While the broker answers, a failed event keeps its claim as a pause: what is refused once is refused again at once. */
async function giveUp(publisher: ClaimPublisher, claimId: string, failed: readonly ClaimedRow[]): Promise<void> {
  const { broker, isStopped, pool } = publisher;
  if (failed.length > 0 && (isStopped() || !broker.isReady())) await releaseRows(pool, claimId, failed);
}

/**
 * No queue is bound for the type: the event stays unpublished and is tried again when its claim expires. An alarm, because
 * only somebody who restores the topology ends it.
 */
function reportReturned({ logger, metrics }: ClaimPublisher, rows: readonly ClaimedRow[]): void {
  if (rows.length === 0) return;
  for (const row of rows) metrics.returned.inc({ type: row.type });
  const types = [...new Set(rows.map((row) => row.type))];
  logger.error({ types, events: rows.length }, 'Broker returned events: no queue is bound');
}

import { setTimeout as sleep } from 'node:timers/promises';
import { classifyDatabaseError } from '../database/database-errors.ts';
import { HealthCheckError } from '../health.ts';
import type { Logger } from '../logger.ts';

export interface UntilDatabaseAnswersOptions {
  logger: Logger;
  /** From the first try to the last. */
  limitMs?: number;
  pauseMs?: number;
}

/** A server of a fresh cluster pulls its image and makes its files first; a Job's own deadline is longer. */
const LIMIT_MS = 180_000;
const PAUSE_MS = 1_000;
const PROGRESS_EVERY_MS = 10_000;

/**
 * Repeats `attempt` while the database does not answer, or while its schema is still older than needed (`migrate` of the same
 * release may just be running), so that a command started beside its database ends well the first time. Any other error, and
 * the last one at the end of `limitMs`, is thrown. Logs each new reason, and every ten seconds that it still waits.
 */
export async function untilDatabaseAnswers<T>(
  attempt: () => Promise<T>,
  { limitMs = LIMIT_MS, logger, pauseMs = PAUSE_MS }: UntilDatabaseAnswersOptions,
): Promise<T> {
  const startedAt = performance.now();
  let told = { reason: '', at: 0 };
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const waitedMs = performance.now() - startedAt;
      if (!isNotThereYet(error) || waitedMs >= limitMs) throw error;
      const reason = reasonOf(error);
      if (reason !== told.reason || waitedMs - told.at >= PROGRESS_EVERY_MS) {
        logger.warn({ reason, waitedMs: Math.round(waitedMs), limitMs }, 'Waiting for the database');
        told = { reason, at: waitedMs };
      }
    }
    await sleep(pauseMs);
  }
}

function isNotThereYet(error: unknown): boolean {
  return error instanceof HealthCheckError || classifyDatabaseError(error).kind === 'transient';
}

function reasonOf(error: unknown): string {
  // Two refused addresses of one name make an AggregateError without a message.
  if (error instanceof AggregateError && error.message === '') return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

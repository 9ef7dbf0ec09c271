/** Spread of every delay, so that what failed together does not come back together. */
const JITTER = 0.2;

/**
 * The wait after attempt number `attempt` failed, or undefined after the last. `delaysMs[n]` is the wait before attempt
 * n + 1, so a ladder of five delays allows five attempts.
 */
export function nextDelayMs(delaysMs: readonly number[], attempt: number): number | undefined {
  return delaysMs[attempt];
}

/** The delay, plus or minus 20 %, in whole milliseconds. */
export function jitteredDelayMs(delayMs: number, random: () => number): number {
  return Math.round(delayMs * (1 - JITTER + 2 * JITTER * random()));
}

/** The `x-attempt` of a message: a whole number from 1, whatever somebody wrote there. */
export function attemptOf(header: unknown): number {
  return typeof header === 'number' && Number.isSafeInteger(header) && header >= 1 ? header : 1;
}

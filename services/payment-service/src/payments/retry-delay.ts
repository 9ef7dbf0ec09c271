const RETRY_DELAY_MS_MIN = 200;
const PAUSE_MS_MAX = 3_600_000;
/** Of the time that an outcome has been unknown: after ten minutes 6 s, after an hour 36 s, after a day a quarter of an hour. */
const PAUSE_SHARE = 0.01;

/** Milliseconds until the next try after `attempts` ones: doubling up to `delayMsMax`, ± 20 % by `random` (0 to 1). */
export function retryDelayMs(attempts: number, delayMsMax: number, random: number): number {
  const delayMs = Math.min(delayMsMax, RETRY_DELAY_MS_MIN * 2 ** Math.min(attempts - 1, 20));
  return Math.round(delayMs * (0.8 + random * 0.4));
}

/**
 * The longest pause for an outcome that has been unknown since `since`. What the provider takes days for (a refund by bank
 * transfer) and what it refuses until somebody acts would otherwise be asked about every few seconds all that time, and a
 * thousand of those use up the requests that it allows us for everybody's charges.
 */
export function longestPauseMs(delayMsMax: number, since: Date, now: Date): number {
  return Math.max(delayMsMax, Math.min(PAUSE_MS_MAX, (now.getTime() - since.getTime()) * PAUSE_SHARE));
}

const RETRY_DELAY_MS_MIN = 200;

/** Milliseconds until the next try after `attempts` ones: doubling up to `delayMsMax`, ± 20 % by `random` (0 to 1). */
export function retryDelayMs(attempts: number, delayMsMax: number, random: number): number {
  const delayMs = Math.min(delayMsMax, RETRY_DELAY_MS_MIN * 2 ** Math.min(attempts - 1, 20));
  return Math.round(delayMs * (0.8 + random * 0.4));
}

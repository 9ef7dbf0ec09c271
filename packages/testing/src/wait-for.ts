import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 15,000: an upper bound for a loaded machine, never a promise of the code under test. */
  timeoutMs?: number;
  everyMs?: number;
  /** What is waited for, named when it does not come. */
  what?: string;
}

/** What a test waited for did not come in time. */
export class WaitTimeoutError extends Error {
  constructor(what: string, timeoutMs: number, lastError: unknown) {
    const reason = lastError instanceof Error ? `: ${lastError.message}` : '';
    super(`${what} did not come within ${timeoutMs} ms${reason}`, { cause: lastError });
    this.name = 'WaitTimeoutError';
  }
}

/**
 * Asks `check` again and again until it answers something other than undefined, null or false, and answers that. An
 * assertion that throws counts as "not yet", and is reported when the time is up.
 */
export async function waitFor<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 15_000, everyMs = 20, what = 'What was waited for' }: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = Date.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined && value !== null && value !== false) {
        return value as Exclude<T, undefined | null | false>;
      }
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() >= deadline) throw new WaitTimeoutError(what, timeoutMs, lastError);
    await sleep(everyMs);
  }
}

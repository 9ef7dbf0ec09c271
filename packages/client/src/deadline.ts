import { ConnectionError, DeadlineError } from './client-error.ts';

export interface Deadline {
  /** Aborts at the deadline, or with the caller's own signal. */
  signal: AbortSignal;
  leftMs(): number;
  /** Waits, or throws as soon as the caller gives up. */
  sleep(ms: number): Promise<void>;
  /** What a failure of fetch means. The caller's own abort stays what it is. */
  toError(error: unknown): unknown;
}

/** The time limit of a whole call, all its tries and pauses included. */
export function createDeadline(timeoutMs: number, callerSignal?: AbortSignal): Deadline {
  const startedAt = performance.now();
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = callerSignal === undefined ? timeout : AbortSignal.any([timeout, callerSignal]);
  return {
    signal,
    leftMs: () => timeoutMs - (performance.now() - startedAt),
    sleep: (ms) => sleep(ms, signal),
    toError: (error) => {
      if (callerSignal?.aborted) return callerSignal.reason;
      if (timeout.aborted) return new DeadlineError(`No answer within ${timeoutMs} ms`, { cause: error });
      return new ConnectionError(`No answer: ${reasonOf(error)}`, { cause: error });
    },
  };
}

// undici says "fetch failed" and puts the reason into the cause.
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  return inner.message === '' ? String((inner as { code?: unknown }).code ?? inner.name) : inner.message;
}

/** Waits; an abort ends the wait with the signal's reason. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

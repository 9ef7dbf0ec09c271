import { setMaxListeners } from 'node:events';

/** How long a call may take, and what else ends it. */
export interface CallDeadline {
  timeoutMs: number;
  /** Ends the call too, for instance while the process stops. */
  stopping: AbortSignal;
}

/**
 * Runs a call with a signal that is aborted after `timeoutMs`, or with `stopping`.
 *
 * Not by `AbortSignal.any` and `AbortSignal.timeout`: on Node 20 a joined signal holds its sources weakly, so that the
 * timeout of a call that waits for nothing else may be collected as garbage, and the call then never ends.
 */
export async function withDeadline<T>(
  { timeoutMs, stopping }: CallDeadline,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort(stopping.reason);
  if (stopping.aborted) stop();
  else {
    // One listener for each call under way: many are no leak, and Node would warn of the eleventh.
    setMaxListeners(0, stopping);
    stopping.addEventListener('abort', stop, { once: true });
  }
  const timer = setTimeout(
    () => controller.abort(new DOMException('The call took too long', 'TimeoutError')),
    timeoutMs,
  );
  try {
    return await call(controller.signal);
  } finally {
    clearTimeout(timer);
    stopping.removeEventListener('abort', stop);
  }
}

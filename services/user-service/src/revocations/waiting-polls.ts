import { Refusal } from '@souk/contracts';

/** A poll without news is answered after this. */
export const POLL_WAIT_MS = 500;
export const WAITING_POLLS_MAX = 256;

/** The polls that wait for news. */
export interface WaitingPolls {
  /** Ends on news, after half a second, or when the client leaves; throws `Refusal` `unavailable` when too many wait. */
  wait(signal: AbortSignal | undefined): Promise<void>;
  releaseAll(): void;
  count(): number;
}

export function createWaitingPolls(): WaitingPolls {
  const waiting = new Set<() => void>();
  return {
    async wait(signal) {
      if (waiting.size >= WAITING_POLLS_MAX) {
        throw new Refusal('unavailable', 'Too many polls are waiting', { retryAfterSeconds: 1 });
      }
      await new Promise<void>((resolve) => {
        const release = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', release);
          waiting.delete(release);
          resolve();
        };
        const timer = setTimeout(release, POLL_WAIT_MS).unref();
        signal?.addEventListener('abort', release, { once: true });
        waiting.add(release);
      });
    },
    releaseAll() {
      for (const release of [...waiting]) release();
    },
    count: () => waiting.size,
  };
}

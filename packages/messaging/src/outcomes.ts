import type { PublishOutcome } from './broker.ts';

export const PUBLISH_TIMEOUT_MS_DEFAULT = 5_000;

/** The outcomes as far as they are known after `timeoutMs`; an open one is `failed`: nobody knows. */
export function outcomesWithin(
  pending: readonly (PublishOutcome | Promise<PublishOutcome>)[],
  timeoutMs: number,
): Promise<PublishOutcome[]> {
  const outcomes = pending.map((outcome): PublishOutcome => (typeof outcome === 'string' ? outcome : 'failed'));
  let open = pending.reduce((count, outcome) => count + (typeof outcome === 'string' ? 0 : 1), 0);
  if (open === 0) return Promise.resolve(outcomes);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(outcomes), timeoutMs);
    pending.forEach((outcome, index) => {
      if (typeof outcome === 'string') return;
      void outcome.then((known) => {
        outcomes[index] = known;
        open -= 1;
        if (open > 0) return;
        clearTimeout(timer);
        resolve(outcomes);
      });
    });
  });
}

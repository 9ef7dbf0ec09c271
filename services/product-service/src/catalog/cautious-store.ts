import { type KeyValueStore, KeyValueUnavailableError } from '@souk/key-value';

export type CautiousStore = Pick<KeyValueStore, 'get' | 'set' | 'increment' | 'isReady'>;

/**
 * The key-value store for reads that can do without it: after a call without an answer it counts as not ready for
 * `pauseMs`, so that a store that hangs delays one reader now and then (250 ms), not each of them at each of its steps.
 */
export function createCautiousStore(
  store: KeyValueStore,
  options: { clockMs: () => number; pauseMs: number },
): CautiousStore {
  const { clockMs, pauseMs } = options;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;

  async function watch<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (error instanceof KeyValueUnavailableError) pausedUntilMs = clockMs() + pauseMs;
      throw error;
    }
  }

  return {
    get: (key) => watch(store.get(key)),
    set: (key, value, setOptions) => watch(store.set(key, value, setOptions)),
    increment: (key, by, incrementOptions) => watch(store.increment(key, by, incrementOptions)),
    isReady: () => clockMs() >= pausedUntilMs && store.isReady(),
  };
}

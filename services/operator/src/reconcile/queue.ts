/** Answers after how many milliseconds the key is due again, undefined when only a change makes it due. */
export type Work = (key: string) => Promise<number | undefined>;

export interface QueueOptions {
  work: Work;
  /** Keys worked on at once; one key never twice at once. */
  concurrency: number;
  onError: (key: string, error: unknown, retryMs: number) => void;
}

export interface WorkQueue {
  /** Makes a key due now, or as soon as its work in hand is done. */
  add(key: string): void;
  depth(): number;
  /** Takes no new work and waits for that in hand. */
  stop(): Promise<void>;
}

const BACKOFF_MS = { first: 250, max: 30_000 };

interface Entry {
  isRunning: boolean;
  isDue: boolean;
  failures: number;
  timer?: NodeJS.Timeout | undefined;
}

/** A queue of keys: many changes of one Shop while it is worked on are one more pass, and errors wait longer each time. */
export function createWorkQueue({ concurrency, onError, work }: QueueOptions): WorkQueue {
  const entries = new Map<string, Entry>();
  const running = new Set<Promise<void>>();
  let isStopped = false;

  const entryOf = (key: string): Entry => {
    const entry = entries.get(key) ?? { isRunning: false, isDue: false, failures: 0 };
    entries.set(key, entry);
    return entry;
  };
  const later = (key: string, entry: Entry, delayMs: number) => {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => add(key), delayMs);
  };
  const add = (key: string) => {
    if (isStopped) return;
    const entry = entryOf(key);
    clearTimeout(entry.timer);
    entry.isDue = true;
    pump();
  };
  const pump = () => {
    for (const [key, entry] of entries) {
      if (isStopped || running.size >= concurrency) return;
      if (!entry.isDue || entry.isRunning) continue;
      entry.isDue = false;
      entry.isRunning = true;
      const run = runOne(key, entry).finally(() => {
        running.delete(run);
        pump();
      });
      running.add(run);
    }
  };
  const runOne = async (key: string, entry: Entry) => {
    try {
      const dueInMs = await work(key);
      entry.failures = 0;
      if (dueInMs !== undefined && !entry.isDue && !isStopped) later(key, entry, dueInMs);
    } catch (error) {
      entry.failures += 1;
      const retryMs = Math.min(BACKOFF_MS.max, BACKOFF_MS.first * 2 ** (entry.failures - 1));
      onError(key, error, retryMs);
      // A change that came meanwhile must not run past the back-off either.
      entry.isDue = false;
      if (!isStopped) later(key, entry, retryMs);
    } finally {
      entry.isRunning = false;
    }
  };
  return {
    add,
    depth: () => [...entries.values()].filter(({ isDue }) => isDue).length,
    async stop() {
      isStopped = true;
      for (const entry of entries.values()) clearTimeout(entry.timer);
      await Promise.all(running);
    },
  };
}

/**
 * Answers many callers with one run of `load`. A caller never gets an answer whose run began before it asked, so what it
 * reads is as fresh as if it had asked alone; under load, callers that come during a run share the next one.
 */
export function coalesce<T>(load: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;

  function start(): Promise<T> {
    const run = load();
    running = run;
    const clear = () => {
      if (running === run) running = undefined;
    };
    run.then(clear, clear);
    return run;
  }

  return () => {
    if (running === undefined) return start();
    next ??= running.then(
      () => startNext(),
      () => startNext(),
    );
    return next;
  };

  function startNext(): Promise<T> {
    next = undefined;
    return start();
  }
}

export interface BatchLoaderOptions<V> {
  /** Loads what is there of these keys; each key once. */
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>;
  keysMax: number;
  /** Batches under way at once. */
  batchesMax: number;
}

interface Batch<V> {
  keys: Set<string>;
  found: Promise<ReadonlyMap<string, V>>;
}

/**
 * Loads single keys in batches: all that is asked for in one turn of the event loop, or while as many batches as allowed
 * are under way, becomes one statement. A batch begins after its last caller asked, so nobody reads the past.
 */
export function createBatchLoader<V>(options: BatchLoaderOptions<V>): (key: string) => Promise<V | undefined> {
  const { load, keysMax, batchesMax } = options;
  const waiting: (() => void)[] = [];
  let underWay = 0;
  let open: Batch<V> | undefined;

  async function run(batch: Batch<V>): Promise<ReadonlyMap<string, V>> {
    if (underWay >= batchesMax) await new Promise<void>((resolve) => waiting.push(resolve));
    else await new Promise((resolve) => setImmediate(resolve));
    if (open === batch) open = undefined;
    underWay += 1;
    try {
      return await load([...batch.keys]);
    } finally {
      underWay -= 1;
      waiting.shift()?.();
    }
  }

  return async (key) => {
    if (open === undefined || (open.keys.size >= keysMax && !open.keys.has(key))) {
      const batch: Batch<V> = { keys: new Set(), found: Promise.resolve(new Map()) };
      open = batch;
      batch.keys.add(key);
      batch.found = run(batch);
    } else {
      open.keys.add(key);
    }
    return (await open.found).get(key);
  };
}

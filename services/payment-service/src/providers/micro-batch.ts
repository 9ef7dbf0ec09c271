interface Waiting<T, R> {
  item: T;
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
}

/**
 * Joins calls that arrive close together into one: the first of a quiet time goes out at the end of the current tick,
 * whatever comes while a batch is under way makes up the next. `run` answers in the order of its items.
 */
export function createMicroBatch<T, R>(options: {
  batchMax: number;
  run: (items: readonly T[]) => Promise<readonly R[]>;
}): (item: T) => Promise<R> {
  const queue: Waiting<T, R>[] = [];
  let running = false;

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, options.batchMax);
      try {
        const results = await options.run(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, index) => {
          resolve(results[index] as R);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  }

  return (item) =>
    new Promise<R>((resolve, reject) => {
      queue.push({ item, resolve, reject });
      if (running) return;
      running = true;
      setImmediate(() => void drain());
    });
}

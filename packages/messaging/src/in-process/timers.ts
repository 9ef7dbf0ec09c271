/** Timers that a close takes away all at once; none keeps the process alive. */
export interface Timers {
  after(delayMs: number, run: () => void): void;
  clear(): void;
}

export function createTimers(): Timers {
  const pending = new Set<NodeJS.Timeout>();
  let cleared = false;
  return {
    after(delayMs, run) {
      if (cleared) return;
      const timer = setTimeout(() => {
        pending.delete(timer);
        run();
      }, delayMs);
      timer.unref();
      pending.add(timer);
    },
    clear() {
      cleared = true;
      for (const timer of pending) clearTimeout(timer);
      pending.clear();
    },
  };
}

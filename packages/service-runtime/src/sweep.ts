import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { runWithTraceparent } from './trace/traceparent.ts';
import type { Worker } from './worker.ts';

export interface SweepOptions {
  name: string;
  /** Pause between the end of one run and the start of the next, ± 20 %, so that replicas drift apart. */
  intervalMs: number;
  /** One run; `signal` fires when the sweep is stopped. */
  run: (signal: AbortSignal) => Promise<void>;
  logger: Logger;
  metrics: Metrics;
}

export interface Sweep extends Worker {
  /** Runs soon, without waiting for the interval; during a run, once more after it. */
  wake(): void;
}

/** Repeats `run` without overlap. An error is logged and counted; the next run is at its usual time. */
export function createSweep(options: SweepOptions): Sweep {
  const { name, intervalMs, logger, metrics } = options;
  const runs = metrics.counter('souk_sweep_runs_total', 'Runs of a sweep, by outcome', ['sweep', 'outcome']);
  const duration = metrics.histogram('souk_sweep_duration_seconds', 'Duration of one run', { labels: ['sweep'] });
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  // Not derived from the promise: `run` may wake the sweep before it first waits.
  let isRunning = false;
  let woken = false;

  const schedule = (delayMs: number) => {
    clearTimeout(timer);
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => {
      // Whoever wakes the sweep does so in a trace of its own.
      running = runWithTraceparent(undefined, runOnce);
    }, delayMs).unref();
  };
  const runOnce = async () => {
    woken = false;
    isRunning = true;
    const end = duration.startTimer({ sweep: name });
    try {
      await options.run(stopping.signal);
      runs.inc({ sweep: name, outcome: 'success' });
    } catch (error) {
      if (!stopping.signal.aborted) {
        runs.inc({ sweep: name, outcome: 'error' });
        logger.warn({ error, sweep: name }, 'Sweep failed and will be repeated');
      }
    } finally {
      end();
      isRunning = false;
      schedule(woken ? 0 : intervalMs * (0.8 + Math.random() * 0.4));
    }
  };
  return {
    name,
    start: () => schedule(Math.random() * Math.min(intervalMs, 1_000)),
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
    wake() {
      if (!isRunning) schedule(0);
      else woken = true;
    },
  };
}

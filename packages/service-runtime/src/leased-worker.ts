import type { Logger } from './logger.ts';
import type { Counter, Metrics } from './metrics.ts';
import { runWithTraceparent } from './trace/traceparent.ts';
import type { Worker } from './worker.ts';

const TASKS_PER_LEASE_MAX = 100;
const STOP_TIMEOUT_MS = 5_000;

/** A task with what came of it. */
export interface FinishedTask<T, R> {
  task: T;
  result: R;
}

export interface LeasedWorkerOptions<T extends { readonly id: string }, R> {
  name: string;
  /** Tells this worker's leases from those of other processes. */
  leaseId: string;
  leaseMs: number;
  /** How often work is looked for when nobody calls `wake`. */
  pollIntervalMs: number;
  /** Most tasks at once; slow ones do not hold up the others until all places are taken. */
  concurrencyMax: number;
  /** Takes at most `limit` due tasks for `leaseMs`, in one statement that commits by itself. */
  lease: (limit: number) => Promise<readonly T[]>;
  /** The call to the outside, in no transaction. A rejection is logged, and the lease runs out. */
  run: (task: T, signal: AbortSignal) => Promise<R>;
  /** Writes results in one transaction, only where the lease still holds. */
  settle: (finished: readonly FinishedTask<T, R>[]) => Promise<void>;
  /** Keeps the leases of tasks that take long. */
  renew: (ids: readonly string[]) => Promise<void>;
  logger: Logger;
  metrics: Metrics;
}

export interface LeasedWorker extends Worker {
  /** Looks for work now; called after the commit of a transaction that made some. */
  wake(): void;
}

/**
 * Works off rows of a table that stand for calls to the outside: lease, call outside of any transaction, write the result
 * where the lease still holds. Results that come close together share a transaction. A process that dies leaves its rows
 * to the others for `leaseMs`; one that was stopped and woke up again cannot write over what they did.
 */
export function createLeasedWorker<T extends { readonly id: string }, R>(
  options: LeasedWorkerOptions<T, R>,
): LeasedWorker {
  const work = new LeasedWork(options);
  return {
    name: options.name,
    start: () => work.start(),
    stop: () => work.stop(),
    wake: () => void work.takeWork(),
  };
}

type Step = 'lease' | 'run' | 'settle' | 'renew';

class LeasedWork<T extends { readonly id: string }, R> {
  readonly #options: LeasedWorkerOptions<T, R>;
  readonly #failures: Counter;
  readonly #inFlight = new Map<string, T>();
  readonly #finished: FinishedTask<T, R>[] = [];
  readonly #aborting = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #failing = new Set<Step>();
  #stopped = true;
  #leasing: Promise<void> | undefined;
  #settling = false;
  #wanted = false;
  #idle = () => {};

  constructor(options: LeasedWorkerOptions<T, R>) {
    this.#options = options;
    const { metrics, name } = options;
    metrics.gauge('souk_leased_tasks_in_flight', 'Tasks leased and not settled', {
      labels: ['worker'],
      collect: (gauge) => gauge.set({ worker: name }, this.#inFlight.size),
    });
    this.#failures = metrics.counter('souk_leased_worker_failures_total', 'Failed steps of a leased worker', [
      'worker',
      'step',
    ]);
  }

  start(): void {
    const { leaseMs, pollIntervalMs } = this.#options;
    this.#stopped = false;
    this.#timers.push(setInterval(() => void this.takeWork(), pollIntervalMs));
    this.#timers.push(setInterval(() => void this.#renewLeases(), leaseMs / 3));
    void this.takeWork();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#leasing;
    await this.#whenIdle(STOP_TIMEOUT_MS);
    this.#aborting.abort();
    await this.#whenIdle(STOP_TIMEOUT_MS / 5);
  }

  takeWork(): Promise<void> {
    this.#wanted = true;
    // Whoever wakes this worker does so in a trace of its own, which is none of these tasks'.
    this.#leasing ??= runWithTraceparent(undefined, () => this.#leaseWhileWanted()).finally(() => {
      this.#leasing = undefined;
      // Woken after the last look and before this.
      if (this.#hasRoom() && this.#wanted) void this.takeWork();
    });
    return this.#leasing;
  }

  #hasRoom(): boolean {
    return !this.#stopped && this.#inFlight.size < this.#options.concurrencyMax;
  }

  async #leaseWhileWanted(): Promise<void> {
    const { concurrencyMax, lease } = this.#options;
    try {
      while (this.#wanted && this.#hasRoom()) {
        this.#wanted = false;
        const limit = Math.min(concurrencyMax - this.#inFlight.size, TASKS_PER_LEASE_MAX);
        const tasks = await lease(limit);
        this.#failing.delete('lease');
        if (tasks.length === limit) this.#wanted = true;
        for (const task of tasks) {
          // Still running here under a lease that ran out meanwhile: its own result is as good.
          if (this.#inFlight.has(task.id)) continue;
          this.#inFlight.set(task.id, task);
          void this.#run(task);
        }
      }
    } catch (error) {
      this.#failed('lease', error);
    }
  }

  async #run(task: T): Promise<void> {
    try {
      this.#finished.push({ task, result: await this.#options.run(task, this.#aborting.signal) });
      void this.#settleFinished();
    } catch (error) {
      this.#failing.delete('run');
      this.#failed('run', error);
      this.#release(task);
    }
  }

  async #settleFinished(): Promise<void> {
    if (this.#settling) return;
    this.#settling = true;
    while (this.#finished.length > 0) {
      const batch = this.#finished.splice(0, TASKS_PER_LEASE_MAX);
      try {
        await this.#options.settle(batch);
        this.#failing.delete('settle');
      } catch (error) {
        // The rows keep their leases for a while and are asked about again then.
        this.#failed('settle', error);
      }
      for (const { task } of batch) this.#release(task);
    }
    this.#settling = false;
  }

  #release(task: T): void {
    const wasFull = this.#inFlight.size >= this.#options.concurrencyMax;
    this.#inFlight.delete(task.id);
    if (wasFull) void this.takeWork();
    if (this.#inFlight.size === 0) this.#idle();
  }

  async #renewLeases(): Promise<void> {
    if (this.#inFlight.size === 0) return;
    await this.#options.renew([...this.#inFlight.keys()]).catch((error: unknown) => this.#failed('renew', error));
  }

  async #whenIdle(timeoutMs: number): Promise<void> {
    if (this.#inFlight.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #failed(step: Step, error: unknown): void {
    const { logger, name: worker } = this.#options;
    this.#failures.inc({ worker, step });
    // While the database is away every look fails: said once, counted each time.
    const level = this.#failing.has(step) ? 'debug' : 'warn';
    this.#failing.add(step);
    logger[level]({ error, worker, step }, 'Leased work failed and will be repeated');
  }
}

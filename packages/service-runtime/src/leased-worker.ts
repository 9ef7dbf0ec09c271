import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
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
  const { name, logger, concurrencyMax } = options;
  const inFlight = new Map<string, T>();
  const finished: FinishedTask<T, R>[] = [];
  const aborting = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  let stopped = true;
  let leasing: Promise<void> | undefined;
  let settling = false;
  let wanted = false;
  let idle = () => {};
  options.metrics.gauge('souk_leased_tasks_in_flight', 'Tasks leased and not settled', {
    labels: ['worker'],
    collect: (gauge) => gauge.set({ worker: name }, inFlight.size),
  });
  const failures = options.metrics.counter('souk_leased_worker_failures_total', 'Failed steps of a leased worker', [
    'worker',
    'step',
  ]);

  const failed = (step: 'lease' | 'run' | 'settle' | 'renew', error: unknown) => {
    failures.inc({ worker: name, step });
    logger.warn({ error, worker: name, step }, 'Leased work failed and will be repeated');
  };

  async function runTask(task: T): Promise<void> {
    try {
      finished.push({ task, result: await options.run(task, aborting.signal) });
      void settleFinished();
    } catch (error) {
      failed('run', error);
      release(task);
    }
  }

  function release(task: T): void {
    const wasFull = inFlight.size >= concurrencyMax;
    inFlight.delete(task.id);
    if (wasFull) void takeWork();
    if (inFlight.size === 0) idle();
  }

  async function settleFinished(): Promise<void> {
    if (settling) return;
    settling = true;
    while (finished.length > 0) {
      const batch = finished.splice(0, TASKS_PER_LEASE_MAX);
      try {
        await options.settle(batch);
      } catch (error) {
        // The rows keep their leases for a while and are asked about again then.
        failed('settle', error);
      }
      for (const { task } of batch) release(task);
    }
    settling = false;
  }

  const hasRoom = () => !stopped && inFlight.size < concurrencyMax;

  function takeWork(): Promise<void> {
    wanted = true;
    // Whoever wakes this worker does so in a trace of its own, which is none of these tasks'.
    leasing ??= runWithTraceparent(undefined, leaseWhileWanted).finally(() => {
      leasing = undefined;
      // Woken after the last look and before this.
      if (hasRoom() && wanted) void takeWork();
    });
    return leasing;
  }

  async function leaseWhileWanted(): Promise<void> {
    try {
      while (wanted && hasRoom()) {
        wanted = false;
        const limit = Math.min(concurrencyMax - inFlight.size, TASKS_PER_LEASE_MAX);
        const tasks = await options.lease(limit);
        if (tasks.length === limit) wanted = true;
        for (const task of tasks) {
          // Still running here under a lease that ran out meanwhile: its own result is as good.
          if (inFlight.has(task.id)) continue;
          inFlight.set(task.id, task);
          void runTask(task);
        }
      }
    } catch (error) {
      failed('lease', error);
    }
  }

  async function renewLeases(): Promise<void> {
    if (inFlight.size === 0) return;
    await options.renew([...inFlight.keys()]).catch((error: unknown) => failed('renew', error));
  }

  async function settled(timeoutMs: number): Promise<void> {
    if (inFlight.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    name,
    start() {
      stopped = false;
      timers.push(setInterval(() => void takeWork(), options.pollIntervalMs));
      timers.push(setInterval(() => void renewLeases(), options.leaseMs / 3));
      void takeWork();
    },
    async stop() {
      stopped = true;
      for (const timer of timers) clearInterval(timer);
      await leasing;
      await settled(STOP_TIMEOUT_MS);
      aborting.abort();
      await settled(STOP_TIMEOUT_MS / 5);
    },
    wake: () => void takeWork(),
  };
}

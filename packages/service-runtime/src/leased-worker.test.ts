import { expect, test, vi } from 'vitest';
import { createLeasedWorker, type FinishedTask } from './leased-worker.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';

interface Task {
  id: string;
}

function aWorker(overrides: Partial<Parameters<typeof createLeasedWorker<Task, string>>[0]> = {}) {
  const rows: Task[] = [];
  const settled: FinishedTask<Task, string>[][] = [];
  const renewed: string[][] = [];
  const worker = createLeasedWorker<Task, string>({
    name: 'test',
    leaseId: 'lease',
    leaseMs: 60,
    pollIntervalMs: 20,
    concurrencyMax: 3,
    lease: async (limit) => rows.splice(0, limit),
    run: async (task) => task.id,
    settle: async (finished) => {
      settled.push([...finished]);
    },
    renew: async (ids) => {
      renewed.push([...ids]);
    },
    logger: createLogger({ service: 'test', level: 'silent', format: 'json' }),
    metrics: createMetrics({ service: 'test', processMetrics: false }),
    ...overrides,
  });
  const settledIds = () => settled.flat().map(({ task }) => task.id);
  return { rows, settled, renewed, worker, settledIds };
}

/** Where a task waits until the test lets it pass. */
function gate() {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

test('works off everything that is due, without being woken', async () => {
  const { rows, worker, settledIds } = aWorker();
  await worker.start();
  rows.push(...Array.from({ length: 10 }, (_, index) => ({ id: String(index) })));
  await vi.waitFor(() => expect(settledIds()).toHaveLength(10), 10_000);
  await worker.stop();
});

test('starts at once when woken, also right after an empty look', async () => {
  const { rows, worker, settledIds } = aWorker({ pollIntervalMs: 60_000 });
  await worker.start();
  await new Promise((resolve) => setTimeout(resolve, 5));
  rows.push({ id: 'a' });
  worker.wake();
  await vi.waitFor(() => expect(settledIds()).toEqual(['a']), 10_000);
  await worker.stop();
});

test('never runs more than its places, and a slow task does not hold up the others', async () => {
  let running = 0;
  let runningMax = 0;
  const slow = gate();
  const { rows, worker, settledIds } = aWorker({
    run: async (task) => {
      running += 1;
      runningMax = Math.max(runningMax, running);
      await (task.id === 'slow' ? slow.passed : new Promise((resolve) => setTimeout(resolve, 1)));
      running -= 1;
      return task.id;
    },
  });
  rows.push({ id: 'slow' }, ...Array.from({ length: 20 }, (_, index) => ({ id: String(index) })));
  await worker.start();
  await vi.waitFor(() => expect(settledIds()).toHaveLength(20), 10_000);
  expect(settledIds()).not.toContain('slow');
  expect(runningMax).toBe(3);
  slow.open();
  await vi.waitFor(() => expect(settledIds()).toContain('slow'), 10_000);
  await worker.stop();
});

test('keeps the lease of a task that takes long until its result is written', async () => {
  const long = gate();
  const { rows, worker, renewed, settledIds } = aWorker({ run: (task) => long.passed.then(() => task.id) });
  rows.push({ id: 'long' });
  await worker.start();
  await vi.waitFor(() => expect(renewed.slice(0, 2)).toEqual([['long'], ['long']]), 10_000);
  long.open();
  await vi.waitFor(() => expect(settledIds()).toEqual(['long']), 10_000);
  await worker.stop();
});

test('a failing step does not stop the work', async () => {
  let failuresLeft = 1;
  const settledIds: string[] = [];
  const { rows, worker } = aWorker({
    run: async (task) => {
      if (task.id === 'bad') throw new TypeError('broken');
      return task.id;
    },
    settle: async (finished) => {
      if (failuresLeft-- > 0) throw new TypeError('no connection');
      settledIds.push(...finished.map(({ task }) => task.id));
    },
  });
  rows.push({ id: 'bad' }, { id: 'unwritten' });
  await worker.start();
  await vi.waitFor(() => expect(failuresLeft).toBe(0), 10_000);
  rows.push({ id: 'good' });
  await vi.waitFor(() => expect(settledIds).toEqual(['good']), 10_000);
  await worker.stop();
});

test('a stop waits for the work in hand and takes no more', async () => {
  const inHand = gate();
  let begun = 0;
  const { rows, worker, settledIds } = aWorker({
    run: async (task) => {
      begun += 1;
      await inHand.passed;
      return task.id;
    },
  });
  rows.push({ id: 'a' });
  await worker.start();
  await vi.waitFor(() => expect(begun).toBe(1), 10_000);
  const stopped = worker.stop();
  inHand.open();
  await stopped;
  rows.push({ id: 'b' });
  worker.wake();
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(settledIds()).toEqual(['a']);
});

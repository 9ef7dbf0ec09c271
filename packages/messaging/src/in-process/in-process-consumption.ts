import { batchPauseMs } from '../batch-pause.ts';
import type { ConsumeOptions, Consumption, Delivery } from '../broker.ts';
import type { BrokerLogger } from '../log.ts';
import { createInProcessDelivery, type DeliveryRoute } from './in-process-delivery.ts';

interface ConsumptionContext {
  route: DeliveryRoute;
  logger: BrokerLogger | undefined;
}

/** Takes what is ready, one batch at a time, never more than `prefetch` unsettled. */
export function startInProcessConsumption(options: ConsumeOptions, context: ConsumptionContext): Consumption {
  const { route, logger } = context;
  const unsettled = new Set<Delivery>();
  let state: 'running' | 'paused' | 'stopped' = 'running';
  let batch: Promise<void> | undefined;
  let resting = false;
  let immediate: NodeJS.Immediate | undefined;
  let throwsInARow = 0;

  // By setImmediate, so that everything published in one turn of the event loop comes as one batch.
  function schedule(): void {
    if (state !== 'running' || batch !== undefined || resting || immediate !== undefined) return;
    immediate = setImmediate(() => {
      immediate = undefined;
      if (state === 'running' && batch === undefined && !resting) takeBatch();
    });
  }

  function takeBatch(): void {
    const entries = route.queue.take(Math.min(options.batchMax, options.prefetch - unsettled.size));
    if (entries.length === 0) return;
    const deliveries = entries.map((entry) => {
      if (entry.redelivered) route.metrics.redelivered(route.queue.name);
      const delivery = createInProcessDelivery(entry, route, () => {
        unsettled.delete(delivery);
        schedule();
      });
      unsettled.add(delivery);
      return delivery;
    });
    batch = runBatch(deliveries).then((pauseMs) => {
      batch = undefined;
      resting = pauseMs > 0;
      if (resting) {
        route.timers.after(pauseMs, () => {
          resting = false;
          schedule();
        });
      }
      schedule();
    });
  }

  async function runBatch(deliveries: Delivery[]): Promise<number> {
    try {
      await options.onBatch(deliveries);
      throwsInARow = 0;
      return 0;
    } catch (error) {
      throwsInARow += 1;
      logger?.error({ err: error, queue: route.queue.name }, 'A batch threw; its messages are given back');
      for (const delivery of deliveries) delivery.release();
      return batchPauseMs(throwsInARow, route.random);
    }
  }

  const unsubscribe = route.queue.onReady(schedule);
  schedule();

  return {
    async pause() {
      if (state === 'running') state = 'paused';
    },
    async resume() {
      if (state !== 'paused') return;
      state = 'running';
      schedule();
    },
    async stop() {
      state = 'stopped';
      unsubscribe();
      if (immediate !== undefined) clearImmediate(immediate);
      await batch;
      for (const delivery of unsettled) delivery.release();
    },
  };
}

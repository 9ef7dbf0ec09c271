import { createBatchLoop } from '../batch-loop.ts';
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
  const loop = createBatchLoop({ queue: options.queue, onBatch: options.onBatch, take, logger, random: route.random });

  function take(): Delivery[] {
    const entries = route.queue.take(Math.min(options.batchMax, options.prefetch - unsettled.size));
    return entries.map((entry) => {
      if (entry.redelivered) route.metrics.redelivered(route.queue.name);
      const delivery = createInProcessDelivery(entry, route, () => {
        unsettled.delete(delivery);
        loop.wake();
      });
      unsettled.add(delivery);
      return delivery;
    });
  }

  const unsubscribe = route.queue.onReady(loop.wake);
  loop.wake();

  let stopped = false;
  return {
    async pause() {
      loop.halt();
    },
    async resume() {
      if (!stopped) loop.resume();
    },
    async stop() {
      stopped = true;
      loop.halt();
      unsubscribe();
      await loop.idle();
      for (const delivery of [...unsettled]) delivery.release();
    },
  };
}

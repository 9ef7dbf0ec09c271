import { transaction } from '@souk/service-runtime';
import type { Order, OrderCommand } from './order.ts';
import type { OrderDependencies } from './order-dependencies.ts';
import { orderNotFound } from './order-errors.ts';
import { orderRepository } from './order-repository.ts';
import { applyStep, saveOrders, toOrderInWork } from './order-steps.ts';

export interface ChangeOrder {
  orderId: string;
  /** Somebody else's order is no order: 404. */
  mayChange: (order: Order) => boolean;
  /** Called with the order's version before its state is judged. */
  checkVersion?: (version: number) => void;
  command: OrderCommand;
}

/** Loads the order, decides, and saves: one transaction. Answers the order as it is afterwards. */
export async function changeOrder(deps: OrderDependencies, change: ChangeOrder): Promise<Order> {
  const work = await transaction(deps.pool, async (tx) => {
    const record = (await orderRepository.lock(tx, [change.orderId])).get(change.orderId);
    if (!record || !change.mayChange(record.order)) throw orderNotFound();
    change.checkVersion?.(record.order.version);
    const work = toOrderInWork(record);
    applyStep(work, { command: change.command }, { now: deps.clock.now(), newId: deps.newId, timings: deps.timings });
    await saveOrders(tx, [work]);
    return work;
  });
  if (work.changes.length > 0) {
    deps.metrics.changed([work]);
    deps.committed([change.orderId]);
  }
  return work.record.order;
}

import { changeOrder } from './change-order.ts';
import type { Order } from './order.ts';
import type { OrderDependencies } from './order-dependencies.ts';

/** The goods arrived. */
export async function deliverOrder(deps: OrderDependencies, orderId: string): Promise<Order> {
  return await changeOrder(deps, { orderId, mayChange: () => true, command: { type: 'DeliverOrder' } });
}

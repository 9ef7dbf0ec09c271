import { changeOrder } from './change-order.ts';
import type { Order, Tracking } from './order.ts';
import type { OrderDependencies } from './order-dependencies.ts';

/** The goods left the warehouse: from here on the order cannot be cancelled. */
export async function shipOrder(
  deps: OrderDependencies,
  ship: { orderId: string; tracking: Tracking },
): Promise<Order> {
  const { orderId, tracking } = ship;
  return await changeOrder(deps, { orderId, mayChange: () => true, command: { type: 'ShipOrder', tracking } });
}

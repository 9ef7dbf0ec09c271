import { type Caller, isAdmin } from '@souk/http';
import { changeOrder } from './change-order.ts';
import type { Order } from './order.ts';
import type { OrderDependencies } from './order-dependencies.ts';

/** Cancels an order that is not on its way; one that is cancelled already stays as it is. Its compensation follows by event. */
export async function cancelOrder(
  deps: OrderDependencies,
  cancel: { orderId: string; caller: Caller; reason: string | null },
): Promise<Order> {
  const { orderId, caller, reason } = cancel;
  return await changeOrder(deps, {
    orderId,
    mayChange: (order) => isAdmin(caller) || order.userId === caller.userId,
    command: { type: 'CancelOrder', reason },
  });
}

import type { Address } from '@souk/contracts';
import type { Caller } from '@souk/http';
import { changeOrder } from './change-order.ts';
import type { Order } from './order.ts';
import type { OrderDependencies } from './order-dependencies.ts';
import { orderNotFound } from './order-errors.ts';
import { orderRepository } from './order-repository.ts';

export interface ChangeAddress {
  orderId: string;
  caller: Caller;
  /** Undefined where the client left it out: nothing changes, but the version is still checked. */
  shippingAddress: Address | undefined;
  checkVersion: (version: number) => void;
}

/** The owner sends the goods elsewhere, while they are still here. */
export async function changeAddress(deps: OrderDependencies, change: ChangeAddress): Promise<Order> {
  const { orderId, caller, shippingAddress, checkVersion } = change;
  const mayChange = (order: Order) => order.userId === caller.userId;
  if (shippingAddress)
    return await changeOrder(deps, {
      orderId,
      mayChange,
      checkVersion,
      command: { type: 'ChangeAddress', shippingAddress },
    });
  const order = await orderRepository.find(deps.pool, orderId);
  if (!order || !mayChange(order)) throw orderNotFound();
  checkVersion(order.version);
  return order;
}

import { type Caller, isAdmin } from '@souk/http';
import type { Queryable } from '@souk/service-runtime';
import type { Order } from './order.ts';
import { orderNotFound } from './order-errors.ts';
import { orderRepository } from './order-repository.ts';

/** The order, for its owner or an administrator; for anybody else it does not exist. */
export async function getOrder(db: Queryable, orderId: string, caller: Caller): Promise<Order> {
  const order = await orderRepository.find(db, orderId);
  if (!order || !(isAdmin(caller) || order.userId === caller.userId)) throw orderNotFound();
  return order;
}

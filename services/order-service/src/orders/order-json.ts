import type { Order } from './order.ts';

/** The Order of the API. */
export function toOrderJson(order: Order) {
  return {
    id: order.id,
    userId: order.userId,
    email: order.email,
    status: order.status,
    paymentStatus: order.paymentStatus,
    fulfillmentStatus: order.fulfillmentStatus,
    items: order.items,
    total: order.total,
    shippingAddress: order.shippingAddress,
    paymentMethod: order.paymentMethod,
    cancelReason: order.cancelReason,
    tracking: order.tracking,
    createdAt: order.createdAt.toISOString(),
    updatedAt: order.updatedAt.toISOString(),
    version: order.version,
  };
}

/** What payment-service needs to know of an order that it has not heard of yet. */
export function toInternalOrderJson(order: Order) {
  const { email, shippingAddress, reservationExpiresAt } = order;
  return {
    ...toOrderJson(order),
    contact: { email, name: shippingAddress.name, phone: shippingAddress.phone },
    reservationExpiresAt: reservationExpiresAt.toISOString(),
  };
}

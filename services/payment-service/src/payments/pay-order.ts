import { Refusal } from '@souk/contracts';
import type { Clock, Pool, PoolClient } from '@souk/service-runtime';
import { transaction } from '@souk/service-runtime';
import type { OrderDirectory, PayableOrder } from './order-client.ts';
import { decidePayment, type Payment } from './payment.ts';
import { applyChanges, insertPayments, lockPaymentsOfOrders, savePayments } from './payment-repository.ts';

export interface PayOrder {
  orderId: string;
  paymentMethod: string;
  userId: string;
  signal: AbortSignal;
  traceparent: string;
}

export interface PayOrderContext {
  pool: Pool;
  orders: OrderDirectory;
  clock: Clock;
  newId: () => string;
}

/**
 * Gives an order that was placed without a payment method one. order-service is asked first: it alone knows whether the
 * order is cancelled, and it knows every order it has acknowledged, whether or not its event has arrived here.
 */
export async function payOrder(
  context: PayOrderContext,
  command: PayOrder,
  complete: (tx: PoolClient, payment: Payment) => Promise<void>,
): Promise<Payment> {
  const order = await context.orders.getOrder(command.orderId, command);
  if (order.userId !== command.userId) throw new Refusal('not-found', 'No order has this id');
  if (order.status === 'cancelled') throw new Refusal('order-not-payable', 'The order is cancelled');
  if (order.paymentMethod !== null) throw new Refusal('payment-exists', 'The order has a payment already');
  return transaction(context.pool, async (tx) => {
    const payment = await setMethod(tx, context, { order, command });
    await complete(tx, payment);
    return payment;
  });
}

async function setMethod(
  tx: PoolClient,
  { clock, newId }: PayOrderContext,
  { order, command }: { order: PayableOrder; command: PayOrder },
): Promise<Payment> {
  const now = clock.now();
  await insertPayments(tx, [
    {
      id: newId(),
      orderId: order.id,
      userId: order.userId,
      contact: order.contact,
      amount: order.total,
      paymentMethod: null,
      reservationExpiresAt: order.reservationExpiresAt,
      traceparent: command.traceparent,
      createdAt: now,
    },
  ]);
  const [locked] = await lockPaymentsOfOrders(tx, [order.id]);
  if (locked === undefined) throw new Refusal('not-found', 'No order has this id');
  const { paymentMethod } = command;
  applyChanges(locked, decidePayment(locked.payment, { type: 'set-method', paymentMethod, at: now }));
  await savePayments(tx, [locked], { now, newId });
  return locked.payment;
}

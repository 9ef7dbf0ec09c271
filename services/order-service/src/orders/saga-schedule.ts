import { isPaymentSettled, type Order } from './order.ts';
import type { OrderRecord } from './order-rows.ts';

export interface SagaTimings {
  /** An unsettled order without progress for this long has its last event published again. */
  sagaRedriveAfterMs: number;
  /** The event has this long to settle the stock before the sweep asks over REST. */
  stockSettleDelayMs: number;
}

type Bookkeeping = Pick<OrderRecord, 'stockOutcome' | 'stockSettleAfter' | 'redriveAfter'>;

const after = (at: Date, delayMs: number) => new Date(at.getTime() + delayMs);

/** When the sweeps look at a new order. */
export function scheduleNew(order: Order, timings: SagaTimings): Bookkeeping {
  return {
    stockOutcome: null,
    stockSettleAfter: null,
    redriveAfter: isWaitingForMethod(order) ? null : after(order.createdAt, timings.sagaRedriveAfterMs),
  };
}

/** When the sweeps look again, after a change: a new end of the order asks for a new outcome of its stock. */
export function scheduleChanged(record: OrderRecord, changed: Order, timings: SagaTimings): Bookkeeping {
  const hasNewEnd = record.order.status !== changed.status;
  const stockOutcome = hasNewEnd ? null : record.stockOutcome;
  const isSettled = stockOutcome !== null && isPaymentSettled(changed);
  return {
    stockOutcome,
    stockSettleAfter: hasNewEnd ? after(changed.updatedAt, timings.stockSettleDelayMs) : record.stockSettleAfter,
    redriveAfter:
      isSettled || isWaitingForMethod(changed) ? null : after(changed.updatedAt, timings.sagaRedriveAfterMs),
  };
}

/** Nothing is under way that could be driven: the expiry of the reservation ends such an order. */
function isWaitingForMethod(order: Order): boolean {
  return order.status === 'pending' && order.paymentMethod === null;
}

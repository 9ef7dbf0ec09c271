import { type Money, Refusal } from '@souk/contracts';
import { type Clock, type Pool, type PoolClient, transaction } from '@souk/service-runtime';
import { decidePayment } from './payment.ts';
import { applyChanges, lockPayments, savePayments } from './payment-repository.ts';

export interface RequestRefund {
  paymentId: string;
  /** Left out: all that is left. */
  amount: Money | undefined;
  reason: string;
  requestedBy: string;
}

export interface RequestedRefund {
  id: string;
  amount: Money;
  status: 'pending' | 'succeeded' | 'failed';
}

/** Promises money back under the payment's row lock; the refunder gives it back afterwards. */
export function requestRefund(
  context: { pool: Pool; clock: Clock; newId: () => string },
  command: RequestRefund,
  complete: (tx: PoolClient, refund: RequestedRefund) => Promise<void>,
): Promise<RequestedRefund> {
  const refundId = context.newId();
  return transaction(context.pool, async (tx) => {
    const locked = (await lockPayments(tx, [command.paymentId])).get(command.paymentId);
    if (locked === undefined) throw new Refusal('not-found', 'No payment has this id');
    const { amount, reason, requestedBy } = command;
    const changes = decidePayment(locked.payment, { type: 'request-refund', refundId, amount, reason, requestedBy });
    applyChanges(locked, changes);
    await savePayments(tx, [locked], { now: context.clock.now(), newId: context.newId });
    const promised = changes.find((change) => change.type === 'refund-requested');
    const refund: RequestedRefund = {
      id: refundId,
      amount: { amount: promised?.amount ?? 0, currency: locked.payment.amount.currency },
      status: 'pending',
    };
    await complete(tx, refund);
    return refund;
  });
}

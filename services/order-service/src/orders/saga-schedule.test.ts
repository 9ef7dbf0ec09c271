import { describe, expect, it } from 'vitest';
import { after, anOrder, cancelled, completed, NOW } from '../../test/builders.ts';
import type { Order, OrderEvent } from './order.ts';
import type { OrderRecord } from './order-rows.ts';
import { scheduleChanged, scheduleNew } from './saga-schedule.ts';

const timings = { sagaRedriveAfterMs: 120_000, stockSettleDelayMs: 5_000 };
const inMs = (ms: number) => new Date(NOW.getTime() + ms);
const recordOf = (order: Order, notes: Partial<OrderRecord> = {}): OrderRecord => ({
  order,
  timelineSequence: 1,
  ...scheduleNew(order, timings),
  ...notes,
});
const change = (record: OrderRecord, event: OrderEvent) => scheduleChanged(record, after(record.order, event), timings);

describe('when the sweeps look at an order', () => {
  it('a new one is redriven without progress, unless it waits for a payment method', () => {
    expect(scheduleNew(anOrder(), timings)).toEqual({
      stockOutcome: null,
      stockSettleAfter: null,
      redriveAfter: inMs(120_000),
    });
    expect(scheduleNew(anOrder({ paymentMethod: null }), timings).redriveAfter).toBeNull();
  });

  it('a new end asks for a new outcome of the stock, after the event had its chance', () => {
    const paid = change(recordOf(anOrder()), completed);
    expect(paid).toEqual({ stockOutcome: null, stockSettleAfter: inMs(5_000), redriveAfter: inMs(120_000) });
    const settled = recordOf(after(anOrder(), completed), { stockOutcome: 'committed', redriveAfter: null });
    expect(change(settled, cancelled)).toMatchObject({ stockOutcome: null, stockSettleAfter: inMs(5_000) });
  });

  it('the payment of a cancelled order settles it where the stock is confirmed', () => {
    const refunded: OrderEvent = { type: 'PaymentStatusChanged', paymentStatus: 'refunded', paymentSequence: 2 };
    const order = after(anOrder(), cancelled);
    expect(change(recordOf(order, { stockOutcome: 'released' }), refunded).redriveAfter).toBeNull();
    expect(change(recordOf(order), refunded).redriveAfter).toEqual(inMs(120_000));
  });
});

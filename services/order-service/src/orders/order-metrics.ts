import type { Metrics } from '@souk/service-runtime';
import type { OrderInWork } from './order-steps.ts';

export type OrderMetrics = ReturnType<typeof createOrderMetrics>;

/** The figures of the order side of the saga. An alarm is a counter that should stay 0. */
export function createOrderMetrics(metrics: Metrics) {
  const placed = metrics.counter('souk_orders_placed_total', 'Orders placed');
  const ended = metrics.counter('souk_orders_ended_total', 'Orders that reached an end, by status', ['status']);
  const duration = metrics.histogram(
    'souk_order_duration_seconds',
    'From order.created to the first end of the order',
    {
      labels: ['status'],
    },
  );
  const paymentAlarms = metrics.counter(
    'souk_payment_alarms_total',
    'Payment reports that contradict the order and changed nothing, by reason',
    ['reason'],
  );
  const stockAlarms = metrics.counter(
    'souk_stock_alarms_total',
    'Orders whose stock ended in another way than the order',
  );
  const redriven = metrics.counter('souk_orders_redriven_total', 'Last events of unsettled orders published again');
  const pending = metrics.gauge('souk_orders_pending', 'Orders that have not ended');
  const unsettled = metrics.gauge('souk_orders_unsettled', 'Orders whose payment or stock is not settled yet');
  return {
    placed: () => placed.inc(),
    /** After the commit of what happened to these orders. */
    changed: (works: readonly OrderInWork[]) => {
      for (const { changes, record, alarms } of works) {
        for (const reason of alarms) paymentAlarms.inc({ reason });
        const end = changes.find(
          ({ message }) => message.type === 'order.completed' || message.type === 'order.cancelled',
        );
        if (!end) continue;
        const { status } = end.order;
        ended.inc({ status });
        duration.observe({ status }, (end.order.updatedAt.getTime() - record.order.createdAt.getTime()) / 1_000);
      }
    },
    stockAlarm: () => stockAlarms.inc(),
    redriven: (count: number) => redriven.inc(count),
    counted: (figures: { pending: number; unsettled: number }) => {
      pending.set(figures.pending);
      unsettled.set(figures.unsettled);
    },
  };
}

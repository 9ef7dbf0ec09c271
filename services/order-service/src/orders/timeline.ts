import type { EventType, SoukEvent } from '@souk/contracts';
import type { Order } from './order.ts';
import type { OrderMessage } from './order-events.ts';

/** One line of an order's story, in a numbering of its own. `data` never holds personal data. */
export interface TimelineEntry {
  orderId: string;
  sequence: number;
  eventId: string;
  type: EventType;
  at: Date;
  data: Record<string, unknown>;
}

type Unnumbered = Omit<TimelineEntry, 'sequence'>;

/** What other services report of an order. */
export type OrderReport = Extract<SoukEvent, { type: `payment.${string}` | 'notification.sent' }>;

/** The entry of a change of the order itself. */
export function toChangeEntry(order: Order, message: OrderMessage): Unnumbered {
  const { type, event, changed } = message;
  const { version, status, paymentStatus, fulfillmentStatus, total } = order;
  const data: Record<string, unknown> = { version, status, paymentStatus, fulfillmentStatus };
  if (type === 'order.created' || type === 'order.completed' || type === 'order.cancelled') data.total = total;
  if (type === 'order.cancelled') data.reason = order.cancelReason;
  if (type === 'order.updated') data.changed = changed;
  if (order.tracking !== null) Object.assign(data, order.tracking);
  return { orderId: order.id, eventId: event.id, type, at: new Date(event.time), data };
}

/** The entry of what another service reported. */
export function toReportEntry(orderId: string, event: OrderReport): Unnumbered {
  return { orderId, eventId: event.id, type: event.type, at: new Date(event.time), data: toReportData(event) };
}

function toReportData(event: OrderReport): Record<string, unknown> {
  if (event.type === 'notification.sent') return { channel: event.data.channel, template: event.data.template };
  const { paymentId, status, amount, captured, refunded, failureCode, refundId } = event.data;
  return {
    paymentId,
    status,
    amount,
    captured,
    refunded,
    failureCode: failureCode ?? null,
    refundId: refundId ?? null,
  };
}

/** As the API answers it: numbers and times, no ids of messages. */
export function toTimelineEntryJson(entry: Pick<TimelineEntry, 'sequence' | 'type' | 'at' | 'data'>) {
  const { sequence, at, type, data } = entry;
  return { sequence, at: at.toISOString(), type, data };
}

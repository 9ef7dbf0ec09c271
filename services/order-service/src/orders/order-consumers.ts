import { type CloudEvent, idSchema } from '@souk/contracts';
import type { EventHandlers } from '@souk/outbox';
import type { Queryable } from '@souk/service-runtime';
import { eraseUsers } from './erase-personal-data.ts';
import type { OrderDependencies } from './order-dependencies.ts';
import { unknownOrder, unnumberedPayment } from './order-errors.ts';
import { orderRepository } from './order-repository.ts';
import { applyStep, type OrderStep, type StepContext, saveOrders, toOrderInWork } from './order-steps.ts';
import { addOrphans } from './release-orphans.ts';
import type { OrderReport } from './timeline.ts';

type PaymentEvent = CloudEvent<'payment.completed' | 'payment.failed' | 'payment.voided' | 'payment.refunded'>;
type Steps = [orderId: string, step: OrderStep][];

/**
 * Inbound events -> use cases, a batch at a time. There is no answer to redriven events here: this service begins the
 * redrives, and answering one's own would go round for ever.
 */
export function createOrderHandlers(deps: OrderDependencies): EventHandlers {
  const contextOf = (): StepContext => ({ now: deps.clock.now(), newId: deps.newId, timings: deps.timings });
  const recordPayments = (tx: Queryable, events: PaymentEvent[]) =>
    applySteps(
      deps,
      tx,
      events.map((event) => [event.data.orderId, toPaymentStep(event)]),
    );
  return {
    'payment.completed': recordPayments,
    'payment.failed': recordPayments,
    'payment.voided': recordPayments,
    'payment.refunded': recordPayments,
    'notification.sent': (tx, events) => applySteps(deps, tx, events.flatMap(toNotificationSteps)),
    'inventory.reservation_expired': async (tx, events) => {
      await expireReservations(
        deps,
        tx,
        events.map((event) => event.data.orderId),
      );
      deps.stockIsDue();
    },
    'user.deleted': (tx, events) =>
      eraseUsers(
        tx,
        events.map((event) => event.data.userId),
        contextOf(),
      ),
  };
}

function toPaymentStep(event: PaymentEvent): OrderStep {
  if (event.sequence === undefined) throw unnumberedPayment();
  const { status, captured } = event.data;
  return {
    report: event as OrderReport,
    command: { type: 'RecordPayment', payment: { status, captured, sequence: Number(event.sequence) } },
  };
}

/** A welcome or reset mail belongs to no order. */
function toNotificationSteps(event: CloudEvent<'notification.sent'>): Steps {
  const { orderId } = event.data;
  return orderId ? [[orderId, { report: event as OrderReport }]] : [];
}

async function applySteps(deps: OrderDependencies, tx: Queryable, steps: Steps): Promise<void> {
  if (steps.length === 0) return;
  const context = { now: deps.clock.now(), newId: deps.newId, timings: deps.timings };
  const orderIds = [...new Set(steps.map(([orderId]) => orderId))];
  for (const orderId of orderIds) if (!idSchema.safeParse(orderId).success) throw unknownOrder(orderId);
  const records = await orderRepository.lock(tx, orderIds);
  const works = new Map([...records].map(([orderId, record]) => [orderId, toOrderInWork(record)]));
  for (const [orderId, step] of steps) {
    const work = works.get(orderId);
    if (!work) throw unknownOrder(orderId);
    applyStep(work, step, context);
  }
  await saveOrders(tx, works.values());
  report(deps, [...works.values()]);
}

function report(deps: OrderDependencies, works: Parameters<typeof deps.metrics.changed>[0]): void {
  deps.metrics.changed(works);
  for (const { record, alarms } of works)
    for (const alarm of alarms)
      deps.logger.error({ orderId: record.order.id, alarm }, 'Found a payment that contradicts its order');
}

/**
 * Policy: when a reservation is past its time then cancel the order if it is pending; repeat the commit or the release if
 * it has ended; release the stock if there is no such order. Keys give up the id first: a placement that is under way
 * then finds it gone, or has committed before and is found here as an order.
 */
async function expireReservations(deps: OrderDependencies, tx: Queryable, orderIds: readonly string[]): Promise<void> {
  await tx.query(
    'UPDATE idempotency_keys SET resource_id = NULL WHERE resource_id = ANY($1::uuid[]) AND response_status IS NULL',
    [orderIds],
  );
  const context = { now: deps.clock.now(), newId: deps.newId, timings: deps.timings };
  const records = await orderRepository.lock(tx, orderIds);
  const works = [...records.values()].map(toOrderInWork);
  for (const work of works) {
    if (work.record.order.status === 'pending') applyStep(work, { command: { type: 'ExpireReservation' } }, context);
  }
  await saveOrders(tx, works);
  const ended = works.filter((work) => work.changes.length === 0).map((work) => work.record.order.id);
  await tx.query('UPDATE orders SET stock_outcome = NULL, stock_settle_after = $2 WHERE id = ANY($1::uuid[])', [
    ended,
    context.now,
  ]);
  const unknown = orderIds.filter((orderId) => !records.has(orderId));
  await addOrphans(tx, [...new Set(unknown)], context.now);
  report(deps, works);
}

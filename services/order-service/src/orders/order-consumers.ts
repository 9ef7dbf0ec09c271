import { idSchema, type SoukEvent } from '@souk/contracts';
import type { EventHandlers } from '@souk/outbox';
import type { PoolClient, Queryable } from '@souk/service-runtime';
import { eraseUsers } from './erase-personal-data.ts';
import type { OrderDependencies } from './order-dependencies.ts';
import { unknownOrder, unnumberedPayment } from './order-errors.ts';
import { orderRepository } from './order-repository.ts';
import {
  applyStep,
  type OrderInWork,
  type OrderStep,
  type StepContext,
  saveOrders,
  toOrderInWork,
} from './order-steps.ts';
import { addOrphans } from './release-orphans.ts';

export interface OrderConsumption {
  handlers: EventHandlers;
  onNewEvents: (tx: PoolClient, events: SoukEvent[]) => Promise<void>;
}

/**
 * Inbound events -> use cases, a whole batch in one lock and one save. There is no answer to redriven events here: this
 * service begins the redrives, and answering one's own would go round for ever.
 */
export function createOrderConsumption(deps: OrderDependencies): OrderConsumption {
  const onNewEvents = (tx: PoolClient, events: SoukEvent[]) => handleEvents(deps, tx, events);
  return {
    onNewEvents,
    handlers: {
      'payment.completed': onNewEvents,
      'payment.failed': onNewEvents,
      'payment.voided': onNewEvents,
      'payment.refunded': onNewEvents,
      'notification.sent': onNewEvents,
      'inventory.reservation_expired': onNewEvents,
      'user.deleted': onNewEvents,
    },
  };
}

type EventOf<T extends SoukEvent['type']> = Extract<SoukEvent, { type: T }>;
type ExpiredEvent = EventOf<'inventory.reservation_expired'>;

async function handleEvents(deps: OrderDependencies, tx: Queryable, events: readonly SoukEvent[]): Promise<void> {
  const context: StepContext = { now: deps.clock.now(), newId: deps.newId, timings: deps.timings };
  const expired = events.filter((event): event is ExpiredEvent => event.type === 'inventory.reservation_expired');
  if (expired.length > 0) await releaseKeys(tx, expired.map(orderIdOf));

  const steps = events.flatMap(toSteps);
  const works = await lockOrders(tx, steps);
  const expiries = applySteps(steps, works, context);
  await saveOrders(tx, works.values());
  await settleAgain(tx, expiries.ended, context.now);
  await addOrphans(tx, expiries.unknown, context.now);
  if (expired.length > 0) deps.stockIsDue();

  const erased = events.flatMap((event) => (event.type === 'user.deleted' ? [event.data.userId] : []));
  if (erased.length > 0) await eraseUsers(tx, erased, context);
  report(deps, [...works.values()]);
}

interface EventStep {
  orderId: string;
  kind: 'report' | 'expiry';
  step: OrderStep;
}

function orderIdOf(event: ExpiredEvent): string {
  return event.data.orderId;
}

function toSteps(event: SoukEvent): EventStep[] {
  switch (event.type) {
    case 'payment.completed':
    case 'payment.failed':
    case 'payment.voided':
    case 'payment.refunded': {
      if (event.sequence === undefined) throw unnumberedPayment();
      const { orderId, status, captured } = event.data;
      const payment = { status, captured, sequence: Number(event.sequence) };
      return [{ orderId, kind: 'report', step: { report: event, command: { type: 'RecordPayment', payment } } }];
    }
    case 'notification.sent':
      // A welcome or reset mail belongs to no order.
      return event.data.orderId ? [{ orderId: event.data.orderId, kind: 'report', step: { report: event } }] : [];
    case 'inventory.reservation_expired':
      return [{ orderId: event.data.orderId, kind: 'expiry', step: { command: { type: 'ExpireReservation' } } }];
    default:
      return [];
  }
}

async function lockOrders(tx: Queryable, steps: readonly EventStep[]): Promise<Map<string, OrderInWork>> {
  const orderIds = [...new Set(steps.map(({ orderId }) => orderId))];
  for (const orderId of orderIds) if (!idSchema.safeParse(orderId).success) throw unknownOrder(orderId);
  if (orderIds.length === 0) return new Map();
  const records = await orderRepository.lock(tx, orderIds);
  return new Map([...records].map(([orderId, record]) => [orderId, toOrderInWork(record)]));
}

/**
 * Policy: when a reservation is past its time then cancel the order if it is pending; repeat the commit or the release if
 * it has ended; release the stock if there is no such order.
 */
function applySteps(
  steps: readonly EventStep[],
  works: ReadonlyMap<string, OrderInWork>,
  context: StepContext,
): { ended: string[]; unknown: string[] } {
  const ended = new Set<string>();
  const unknown = new Set<string>();
  for (const { orderId, kind, step } of steps) {
    const work = works.get(orderId);
    if (work) {
      if (kind === 'expiry' && work.record.order.status !== 'pending') ended.add(orderId);
      applyStep(work, step, context);
    } else if (kind === 'expiry') unknown.add(orderId);
    else throw unknownOrder(orderId);
  }
  return { ended: [...ended], unknown: [...unknown] };
}

/**
 * Keys give up the id before the orders are looked for: a placement that is under way then finds it gone, or has
 * committed before this statement and is found as an order by the next.
 */
async function releaseKeys(tx: Queryable, orderIds: readonly string[]): Promise<void> {
  await tx.query(
    'UPDATE idempotency_keys SET resource_id = NULL WHERE resource_id = ANY($1::uuid[]) AND response_status IS NULL',
    [orderIds],
  );
}

/** product-service has not heard how these ended: the sweep tells it again over REST. */
async function settleAgain(tx: Queryable, orderIds: readonly string[], now: Date): Promise<void> {
  if (orderIds.length === 0) return;
  await tx.query(
    `UPDATE orders SET stock_outcome = NULL, stock_settle_after = $2 WHERE id = ANY($1::uuid[]) AND status <> 'pending'`,
    [orderIds, now],
  );
}

function report(deps: OrderDependencies, works: readonly OrderInWork[]): void {
  deps.metrics.changed(works);
  for (const { record, alarms } of works)
    for (const alarm of alarms)
      deps.logger.error({ orderId: record.order.id, alarm }, 'Found a payment that contradicts its order');
}

import type { Queryable } from '@souk/service-runtime';
import { decide, evolve, type Order, type OrderCommand, type OrderEvent, type PaymentAlarm } from './order.ts';
import { toOrderMessage } from './order-events.ts';
import { type OrderChange, type OrderSave, orderRepository } from './order-repository.ts';
import type { OrderRecord } from './order-rows.ts';
import { type SagaTimings, scheduleChanged } from './saga-schedule.ts';
import { type OrderReport, type TimelineEntry, toChangeEntry, toReportEntry } from './timeline.ts';

/** What happens to one order in a transaction: a report for its timeline, a command, or both. */
export interface OrderStep {
  report?: OrderReport;
  command?: OrderCommand;
}

/** A locked order on its way through the steps of one transaction. Pure: nothing is read or written here. */
export interface OrderInWork {
  record: OrderRecord;
  versionBefore: number;
  changes: OrderChange[];
  entries: TimelineEntry[];
  alarms: PaymentAlarm[];
}

export interface StepContext {
  now: Date;
  newId: () => string;
  timings: SagaTimings;
}

export function toOrderInWork(record: OrderRecord): OrderInWork {
  return { record, versionBefore: record.order.version, changes: [], entries: [], alarms: [] };
}

/** Applies one step; throws the `Refusal` where the order refuses the command. */
export function applyStep(work: OrderInWork, step: OrderStep, context: StepContext): void {
  if (step.report) addEntry(work, toReportEntry(work.record.order.id, step.report));
  if (!step.command) return;
  const decision = decide(work.record.order, step.command);
  switch (decision.outcome) {
    case 'refused':
      throw decision.refusal;
    case 'unchanged':
      if (decision.alarm) work.alarms.push(decision.alarm);
      break;
    case 'changed':
      applyEvent(work, decision.event, context);
      break;
    default:
      decision satisfies never;
  }
}

function applyEvent(work: OrderInWork, event: OrderEvent, context: StepContext): void {
  const before = work.record;
  const order: Order = evolve(before.order, event, context.now);
  const message = toOrderMessage({ event, after: order }, { id: context.newId(), at: context.now });
  work.record = { ...before, ...scheduleChanged(before, order, context.timings), order };
  work.changes.push({ order, message });
  addEntry(work, toChangeEntry(order, message));
}

function addEntry(work: OrderInWork, entry: Omit<TimelineEntry, 'sequence'>): void {
  const sequence = work.record.timelineSequence + 1;
  work.record = { ...work.record, timelineSequence: sequence };
  work.entries.push({ ...entry, sequence });
}

/** Writes the orders that anything happened to. */
export async function saveOrders(tx: Queryable, works: Iterable<OrderInWork>): Promise<OrderInWork[]> {
  const touched = [...works].filter((work) => work.entries.length > 0);
  await orderRepository.save(tx, touched satisfies OrderSave[]);
  return touched;
}

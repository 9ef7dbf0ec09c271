import type { CloudEvent, SoukEvent } from '@souk/contracts';
import { type EventHandlers, republishLast } from '@souk/outbox';
import type { Clock, PoolClient } from '@souk/service-runtime';
import { eraseUsers } from './erase-users.ts';
import { decidePayment } from './payment.ts';
import { PAYMENT_EVENT_TYPES } from './payment-events.ts';
import {
  applyChanges,
  insertPayments,
  lockPaymentsOfOrders,
  type NewPayment,
  savePayments,
} from './payment-repository.ts';

type OrderEvent = CloudEvent<'order.created'> | CloudEvent<'order.cancelled'>;

export interface ConsumerContext {
  clock: Clock;
  newId: () => string;
  /** There is work once the transaction has committed. */
  onDue: (work: 'charges' | 'refunds') => void;
}

/** What this service does when it hears of orders and users; it never asks the provider here. */
export function createPaymentHandlers(context: ConsumerContext): EventHandlers {
  return {
    /** Policy: when an order is created then its payment is pending. Cancelled before: the row exists and stays. */
    'order.created': async (tx, events) => {
      await insertPayments(
        tx,
        onePerOrder(events).map((event) =>
          toNewPayment(event, context, {
            paymentMethod: event.data.paymentMethod ?? null,
            reservationExpiresAt: new Date(event.data.reservationExpiresAt),
          }),
        ),
      );
      if (events.some((event) => event.data.paymentMethod)) context.onDue('charges');
    },
    'order.cancelled': (tx, events) => cancelPayments(tx, onePerOrder(events), context),
    'user.deleted': (tx, events) =>
      eraseUsers(
        tx,
        events.map((event) => event.data.userId),
      ),
  };
}

/** A redriven event that is known already: repeat what became of the payment, if anything did. */
export async function repeatPaymentEvents(tx: PoolClient, events: readonly SoukEvent[]): Promise<void> {
  const orderIds = events.filter((event) => event.type !== 'user.deleted').map((event) => event.subject);
  await republishLast(tx, [...new Set(orderIds)], PAYMENT_EVENT_TYPES);
}

/** Policy: when an order is cancelled then void its payment, or see to it that what was captured goes back. */
async function cancelPayments(
  tx: PoolClient,
  events: readonly CloudEvent<'order.cancelled'>[],
  context: ConsumerContext,
): Promise<void> {
  // The cancellation may overtake the creation: then it makes the row, and order.created finds it.
  await insertPayments(
    tx,
    events.map((event) => toNewPayment(event, context, { paymentMethod: null, reservationExpiresAt: null })),
  );
  const contacts = new Map(events.map((event) => [event.data.orderId, contactOf(event)]));
  const locked = await lockPaymentsOfOrders(tx, [...contacts.keys()]);
  for (const each of locked) {
    const changes = decidePayment(each.payment, { type: 'cancel', compensationId: context.newId() });
    // The contact of an erased user is blank here while the order still knows whom to tell of the refund.
    const contact = contacts.get(each.payment.orderId);
    if (each.payment.contact.email === null && contact !== undefined) each.payment = { ...each.payment, contact };
    applyChanges(each, changes);
  }
  if (await savePayments(tx, locked, { now: context.clock.now(), newId: context.newId })) context.onDue('refunds');
}

function onePerOrder<T extends OrderEvent>(events: readonly T[]): T[] {
  return [...new Map(events.map((event) => [event.data.orderId, event])).values()];
}

function contactOf({ data }: OrderEvent) {
  return { email: data.email, name: data.name, phone: data.phone ?? null };
}

function toNewPayment(
  event: OrderEvent,
  context: ConsumerContext,
  payable: Pick<NewPayment, 'paymentMethod' | 'reservationExpiresAt'>,
): NewPayment {
  return {
    id: context.newId(),
    orderId: event.data.orderId,
    userId: event.data.userId,
    contact: contactOf(event),
    amount: event.data.total,
    ...payable,
    traceparent: event.traceparent ?? null,
    createdAt: context.clock.now(),
  };
}

import type { CloudEvent, SoukEvent } from '@souk/contracts';
import type { EventHandlers } from '@souk/outbox';
import type { Clock, PoolClient } from '@souk/service-runtime';
import { type AnnouncedType, planDeliveries, TEMPLATE_OF } from './delivery.ts';
import { insertDeliveries } from './delivery-repository.ts';
import { eraseUsers } from './erase-users.ts';

export interface ConsumerContext {
  clock: Clock;
  newId: () => string;
  adminEmail: string | undefined;
}

/** Policy: when an event has a human reader then write a delivery; the sender does the rest. */
export function createDeliveryHandlers(context: ConsumerContext): EventHandlers {
  const announce = async (tx: PoolClient, events: readonly CloudEvent<AnnouncedType>[]) => {
    const planned = (events as readonly Extract<SoukEvent, CloudEvent<AnnouncedType>>[]).flatMap((event) =>
      planDeliveries(event, context),
    );
    await insertDeliveries(tx, planned, { newId: context.newId, now: context.clock.now() });
  };
  const announced = Object.fromEntries(Object.keys(TEMPLATE_OF).map((type) => [type, announce]));
  return {
    ...announced,
    'user.deleted': (tx, events) =>
      eraseUsers(
        tx,
        events.map((event) => event.data.userId),
      ),
    /** A declined payment cancels its order, and the cancellation tells the reason. */
    'payment.failed': async () => {},
  };
}

import { EVENT_CONTENT_TYPE, parseEvent, type SoukEvent } from '@souk/contracts';
import type { Delivery } from '@souk/messaging';
import type { EventHandlers } from './event-consumer.ts';

/** A delivery whose body is an event that this service understands. */
export interface ReceivedEvent {
  delivery: Delivery;
  event: SoukEvent;
}

/** Four times what a producer may write: a larger body is nobody's event. */
const BODY_BYTES_MAX = 1_048_576;

export type ReadDelivery = { ok: true; received: ReceivedEvent } | { ok: false; reason: string };

/** Parses a delivery. What is refused here can never succeed, so it is dead-lettered without further attempts. */
export function readDelivery(delivery: Delivery, handlers: EventHandlers): ReadDelivery {
  const { body, contentType, id } = delivery;
  if (id === undefined) return refuse('the message has no message-id');
  if (contentType !== EVENT_CONTENT_TYPE) {
    return refuse(`expected content type ${EVENT_CONTENT_TYPE}, found ${printable(contentType ?? 'none')}`);
  }
  if (body.byteLength > BODY_BYTES_MAX) {
    return refuse(`expected at most ${BODY_BYTES_MAX} bytes, found ${body.byteLength}`);
  }
  const parsed = parseEvent(body);
  if (!parsed.ok) return refuse(printable(parsed.reason));
  const { event } = parsed;
  if (event.id !== id) return refuse('the message-id is not the id of the event');
  if (handlers[event.type] === undefined) return refuse(`this service does not consume ${event.type}`);
  return { ok: true, received: { delivery, event } };
}

function refuse(reason: string): ReadDelivery {
  return { ok: false, reason };
}

/** Reasons travel in a header and stand in logs; what a stranger put into a message is shortened and stripped. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}

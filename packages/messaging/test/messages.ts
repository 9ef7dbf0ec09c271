import type { QueueTopology } from '@souk/contracts';
import type { Delivery, OutgoingMessage } from '../src/index.ts';

/** Two services; `order.cancelled` goes to both, nobody listens to `product.updated`. */
export const TEST_QUEUES: readonly QueueTopology[] = [
  {
    service: 'tailor',
    queue: 'tailor.events',
    deadLetterQueue: 'tailor.events.dlq',
    bindings: ['order.created', 'order.cancelled'],
  },
  {
    service: 'baker',
    queue: 'baker.events',
    deadLetterQueue: 'baker.events.dlq',
    bindings: ['order.cancelled', 'user.deleted'],
  },
];

export const TEST_RETRY_DELAYS_MS: readonly number[] = [0, 100, 200, 400];

export function aMessage(id: string, parts: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { id, type: 'order.created', body: Buffer.from(JSON.stringify({ id })), mandatory: true, ...parts };
}

export function someMessages(count: number, parts: Partial<OutgoingMessage> = {}): OutgoingMessage[] {
  return Array.from({ length: count }, (_, index) => aMessage(`message-${index}`, parts));
}

/** What a delivery says, without its verbs. */
export function contentOf({ id, type, contentType, body, correlationId, attempt, redelivered }: Delivery) {
  return { id, type, contentType, body: body.toString(), correlationId, attempt, redelivered };
}

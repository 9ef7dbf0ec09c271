import { describe, expect, it } from 'vitest';
import { EVENTS, eventDataSchemas } from './events.ts';
import { hasConsumer, QUEUES, queueNameOf, retryQueueName } from './topology.ts';

describe('the topology', () => {
  it('has a queue for every consuming service, bound to what it consumes and nothing else', () => {
    expect(QUEUES.map((queue) => queue.service)).toEqual([
      'notification-service',
      'order-service',
      'payment-service',
      'product-service',
    ]);
    for (const { service, queue, deadLetterQueue, bindings } of QUEUES) {
      expect([queue, deadLetterQueue]).toEqual([`${service}.events`, `${service}.events.dlq`]);
      for (const [type, event] of Object.entries(EVENTS)) {
        expect(bindings.includes(type as keyof typeof EVENTS)).toBe(event.consumers.includes(service));
      }
    }
  });

  it('names queues by service and delay', () => {
    expect(queueNameOf('order-service')).toBe('order-service.events');
    expect(retryQueueName('order-service.events', 5_000)).toBe('order-service.events.retry.5000');
  });

  it('knows which events nobody listens to', () => {
    expect(hasConsumer('order.created')).toBe(true);
    expect(hasConsumer('product.updated')).toBe(false);
  });

  it('has a contract for every schema and a schema for every contract', () => {
    expect(Object.keys(EVENTS).sort()).toEqual(Object.keys(eventDataSchemas).sort());
  });
});

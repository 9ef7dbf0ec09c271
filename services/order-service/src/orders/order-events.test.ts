import { parseEvent } from '@souk/contracts';
import { describe, expect, it } from 'vitest';
import {
  after,
  anAddress,
  anOrder,
  cancelled,
  completed,
  delivered,
  NOW,
  ORDER_ID,
  shipped,
} from '../../test/builders.ts';
import type { Order, OrderEvent } from './order.ts';
import { type OrderMessage, toOrderCreated, toOrderMessage } from './order-events.ts';
import { toChangeEntry } from './timeline.ts';

const stamp = { id: '019ab000-0000-7000-8000-0000000000aa', at: NOW };
const tell = (order: Order, event: OrderEvent): OrderMessage =>
  toOrderMessage({ event, after: after(order, event) }, stamp);

const paid = after(anOrder(), completed);
const onItsWay = after(paid, shipped);
const messages: [string, OrderMessage, string[]][] = [
  ['order.created', toOrderCreated(anOrder(), stamp), ['status']],
  ['order.completed', tell(anOrder(), completed), ['status', 'paymentStatus']],
  ['order.cancelled', tell(anOrder(), cancelled), ['status']],
  [
    'order.cancelled',
    tell(anOrder(), { type: 'OrderCancelled', reason: 'payment-failed', paymentStatus: 'failed', paymentSequence: 1 }),
    ['status', 'paymentStatus'],
  ],
  ['order.shipped', tell(paid, shipped), ['fulfillmentStatus', 'tracking']],
  ['order.delivered', tell(onItsWay, delivered), ['fulfillmentStatus']],
  [
    'order.updated',
    tell(paid, { type: 'PaymentStatusChanged', paymentStatus: 'refunded', paymentSequence: 2 }),
    ['paymentStatus'],
  ],
  [
    'order.updated',
    tell(paid, { type: 'AddressChanged', shippingAddress: anAddress({ city: 'Paris' }) }),
    ['shippingAddress'],
  ],
  ['order.updated', tell(after(anOrder(), cancelled), { type: 'PersonalDataErased' }), ['email', 'shippingAddress']],
];

describe('the message of each change', () => {
  it.each(messages)('%s keeps the contract of events', (type, message, changed) => {
    expect([message.type, message.changed]).toEqual([type, changed]);
    const parsed = parseEvent(JSON.stringify(message.event));
    expect(parsed).toMatchObject({ ok: true, event: { type, subject: ORDER_ID, source: '/order-service' } });
  });

  it('carries the version as its sequence, and the contact from the shipping address', () => {
    const { event } = tell(anOrder(), completed);
    expect(event).toMatchObject({
      sequence: '2',
      data: { email: 'ada@souk.example', name: 'Ada Lovelace', phone: '+44 20 7946 0000' },
    });
  });

  it('leaves no personal data in the timeline', () => {
    for (const [, message] of messages) {
      const text = JSON.stringify(toChangeEntry(onItsWay, message).data);
      for (const secret of ['ada@', 'Lovelace', '7946', 'St James', 'tok_ok']) expect(text).not.toContain(secret);
    }
  });
});

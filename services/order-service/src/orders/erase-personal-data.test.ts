import { describe, expect, it } from 'vitest';
import { after, anOrder, completed, NOW } from '../../test/builders.ts';
import { blankMessage } from './erase-personal-data.ts';
import { toOrderMessage } from './order-events.ts';

describe('a blanked message', () => {
  it('still tells the fact, and names nobody', () => {
    const order = after(anOrder(), completed);
    const { event } = toOrderMessage({ event: completed, after: order }, { id: anOrder().id, at: NOW });
    const blank = JSON.parse(blankMessage(JSON.stringify(event)));
    expect(blank).toMatchObject({
      type: 'order.completed',
      data: {
        orderId: order.id,
        email: null,
        name: '',
        phone: null,
        total: order.total,
        shippingAddress: { city: '' },
      },
    });
  });

  it('is empty where nobody can say what is in it', () => {
    for (const body of ['no json', '[]', 'null', '{"data":1}']) expect(blankMessage(body)).toBe('');
  });
});

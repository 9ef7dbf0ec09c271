import { expect, test } from 'vitest';
import { blankPersonalContent } from './erase-dead-letters.ts';

test('a message keeps its facts and loses the person', () => {
  const event = {
    id: 'e',
    type: 'order.completed',
    data: {
      userId: 'u',
      email: 'ada@souk.example',
      name: 'Ada',
      phone: '+44 20 79460000',
      total: { amount: 5, currency: 'EUR' },
      shippingAddress: { name: 'Ada', line1: '12 Square', line2: null, city: 'London' },
    },
  };
  expect(JSON.parse(blankPersonalContent(JSON.stringify(event)))).toEqual({
    ...event,
    data: {
      ...event.data,
      email: null,
      name: '',
      phone: null,
      shippingAddress: { name: '', line1: '', line2: null, city: '' },
    },
  });
});

test('what cannot be read is emptied', () => {
  for (const body of ['not json', '[]', '"x"', 'null', '{"data":[]}', '{}'])
    expect(blankPersonalContent(body)).toBe('{}');
});

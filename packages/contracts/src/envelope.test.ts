import { describe, expect, it } from 'vitest';
import { createEvent, isEventType, parseEvent } from './envelope.ts';

const ID = '0198f000-0000-7000-8000-000000000001';
const event = createEvent({
  id: ID,
  type: 'inventory.reservation_expired',
  subject: ID,
  time: new Date('2026-11-22T12:00:00.000Z'),
  sequence: 3,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  data: { orderId: ID },
});
const parsed = (parts: object) => parseEvent(JSON.stringify({ ...event, ...parts }));
const reasonOf = (parts: object) => {
  const result = parsed(parts);
  return result.ok ? 'accepted' : result.reason;
};

describe('an event on the wire', () => {
  it('is one CloudEvents document that says who wrote it and which schema it has', () => {
    expect(event).toEqual({
      specversion: '1.0',
      id: ID,
      source: '/product-service',
      type: 'inventory.reservation_expired',
      subject: ID,
      time: '2026-11-22T12:00:00.000Z',
      datacontenttype: 'application/json',
      dataschema: '/schemas/inventory.reservation_expired/v1',
      sequence: '3',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      data: { orderId: ID },
    });
  });

  it('leaves out what it does not have', () => {
    const { sequence, traceparent, ...rest } = event;
    const bare = createEvent({
      id: ID,
      type: event.type,
      subject: ID,
      time: new Date(event.time),
      data: { orderId: ID },
    });
    expect(bare).toEqual(rest);
    expect([sequence, traceparent]).not.toContain(undefined);
  });

  it('is read back as it was written, from text and from bytes', () => {
    expect(parseEvent(JSON.stringify(event))).toEqual({ ok: true, event });
    expect(parseEvent(Buffer.from(JSON.stringify(event)))).toEqual({ ok: true, event });
  });

  it('keeps the mark of a redrive and forgets fields that it does not know', () => {
    expect(parsed({ redrive: '2', later: 'addition' })).toEqual({ ok: true, event: { ...event, redrive: '2' } });
    expect(parsed({ data: { orderId: ID, later: 'addition' } })).toEqual({ ok: true, event });
  });

  it.each([
    [{ type: 'order.imagined' }, 'unknown type order.imagined'],
    [{ source: '/order-service' }, 'inventory.reservation_expired comes from /product-service, found /order-service'],
    [
      { dataschema: '/schemas/inventory.reservation_expired/v2' },
      'unknown version: expected /schemas/inventory.reservation_expired/v1, found /schemas/inventory.reservation_expired/v2',
    ],
    [{ specversion: '0.3' }, 'not a CloudEvents 1.0 document'],
    [{ id: 'not an id' }, 'not a CloudEvents 1.0 document: /id: expected a UUID'],
    [{ id: undefined }, 'not a CloudEvents 1.0 document: /id'],
    [{ sequence: '-1' }, 'not a CloudEvents 1.0 document: /sequence'],
    [{ data: {} }, 'data of inventory.reservation_expired breaks its schema: /orderId'],
    [{ data: null }, 'data of inventory.reservation_expired breaks its schema'],
  ])('is refused with a reason: %o', (parts, reason) => {
    expect(reasonOf(parts)).toContain(reason);
  });

  it.each([['{"half":'], [Buffer.from([0xff, 0xfe])], ['[]'], ['null']])(
    'is refused when it is no document: %s',
    (body) => {
      expect(parseEvent(body)).toMatchObject({ ok: false });
    },
  );

  it('is known by its own types only, not by what every object has', () => {
    expect(isEventType('order.created')).toBe(true);
    expect(isEventType('toString')).toBe(false);
    expect(isEventType('__proto__')).toBe(false);
  });
});

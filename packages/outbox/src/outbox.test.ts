import { runWithTraceparents } from '@souk/service-runtime';
import { describe, expect, it } from 'vitest';
import { aShippedOrder } from '../test/fixtures.ts';
import { toOutboxRow } from './outbox.ts';
import { toMessage } from './relay-statements.ts';
import { uuidBoundOf } from './retention-sweep.ts';

const rowOf = (event: ReturnType<typeof aShippedOrder>) => ({ ...toOutboxRow(event), redrive: 0 });

describe('a row of the outbox', () => {
  it('carries the whole document and the aggregate’s version', () => {
    const event = aShippedOrder({ sequence: 7 });
    expect(toOutboxRow(event)).toEqual({
      id: event.id,
      aggregateId: event.subject,
      sequence: 7,
      type: 'order.shipped',
      body: JSON.stringify(event),
    });
    expect(toOutboxRow(aShippedOrder()).sequence).toBeNull();
  });

  it('takes the trace of its aggregate when a batch is handled', () => {
    const [one, other] = [aShippedOrder(), aShippedOrder()];
    const traces = new Map([
      [one.subject, `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`],
      [other.subject, `00-${'2'.repeat(32)}-${'2'.repeat(16)}-01`],
    ]);
    runWithTraceparents(traces, () => {
      for (const event of [one, other]) {
        expect(JSON.parse(toOutboxRow(event).body).traceparent).toBe(traces.get(event.subject));
      }
    });
  });

  it('becomes a message with correlation id, trace and redrive, whatever names a customer chooses', () => {
    const event = aShippedOrder({ name: '","orderId":"forged","traceparent":"forged"}' });
    const row = rowOf(event);
    expect(toMessage(row)).toMatchObject({
      id: event.id,
      correlationId: event.subject,
      traceparent: undefined,
      mandatory: true,
    });
    const redriven = toMessage({ ...row, redrive: 3 });
    expect(JSON.parse(redriven.body.toString())).toEqual({ ...event, redrive: '3' });
  });

  it('is published without mandatory when nobody consumes its type', () => {
    expect(toMessage({ ...rowOf(aShippedOrder()), type: 'order.updated' }).mandatory).toBe(false);
  });
});

describe('the retention', () => {
  it('finds the smallest id of a moment', () => {
    expect(uuidBoundOf(new Date(0x019a_bcde_f012))).toBe('019abcde-f012-7000-8000-000000000000');
  });
});

import type { SoukEvent } from '@souk/contracts';
import type { PoolClient } from '@souk/service-runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aShippedOrder } from '../test/fixtures.ts';
import { createInbox } from './inbox.ts';

/** The inbox table as a set: what `INSERT … ON CONFLICT DO NOTHING RETURNING` answers. */
function memoryTable(): { tx: PoolClient; known: Set<string> } {
  const known = new Set<string>();
  const query = async ({ values: [, ids] }: { values: [string, string[]] }) => {
    const fresh = ids.filter((id) => !known.has(id));
    for (const id of fresh) known.add(id);
    return { rows: fresh.map((message_id) => ({ message_id })) };
  };
  return { tx: { query } as unknown as PoolClient, known };
}

describe('the inbox', () => {
  it('hands on each id exactly once, in the order of arrival, whatever comes how often in which batches', async () => {
    const events = Array.from({ length: 8 }, (_, index) => aShippedOrder({ sequence: index }));
    const redriven = events.map((event) => ({ ...event, redrive: '1' }));
    const arrivals = fc.array(fc.array(fc.constantFrom(...events, ...redriven), { minLength: 1, maxLength: 10 }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(arrivals, async (batches) => {
        const { tx } = memoryTable();
        const handled: string[] = [];
        const repeated: string[] = [];
        let duplicates = 0;
        const inbox = createInbox({
          service: 'test-service',
          handlers: { 'order.shipped': async (_tx, run) => void handled.push(...run.map((event) => event.id)) },
          onRedrive: async (_tx, run) => void repeated.push(...run.map((event) => event.id)),
        });
        for (const batch of batches) duplicates += (await inbox.receive(tx, batch as SoukEvent[])).duplicates;
        const arrived = batches.flat().map((event) => event.id);
        expect(handled).toEqual([...new Set(arrived)]);
        expect(duplicates).toBe(arrived.length - handled.length);
        // A redrive is answered exactly when its id was known before its batch.
        const seen = new Set<string>();
        const expected = batches.flatMap((batch) => {
          const again = batch.filter((event) => 'redrive' in event && seen.has(event.id)).map((event) => event.id);
          for (const event of batch) seen.add(event.id);
          return [...new Set(again)];
        });
        expect([...repeated].sort()).toEqual(expected.sort());
      }),
      { numRuns: 300 },
    );
  });

  it('calls a handler once per run of its type', async () => {
    const calls: string[][] = [];
    const record = async (_tx: PoolClient, run: { type: string }[]) => void calls.push(run.map((event) => event.type));
    const inbox = createInbox({
      service: 'test-service',
      handlers: { 'order.shipped': record, 'order.delivered': record },
    });
    const shipped = () => aShippedOrder() as SoukEvent;
    const delivered = () => ({ ...aShippedOrder(), type: 'order.delivered' }) as SoukEvent;
    await inbox.receive(memoryTable().tx, [shipped(), shipped(), delivered(), shipped()]);
    expect(calls).toEqual([['order.shipped', 'order.shipped'], ['order.delivered'], ['order.shipped']]);
  });
});

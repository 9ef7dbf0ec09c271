import { silentLogger, waitFor } from '@souk/testing';
import { describe, expect, it } from 'vitest';
import { NOW, ORDER_ID } from '../../test/builders.ts';
import type { TimelineEntry } from './timeline.ts';
import { createTimelineStream, toServerSentEvent } from './timeline-stream.ts';

const entry = (sequence: number): TimelineEntry => ({
  orderId: ORDER_ID,
  sequence,
  eventId: ORDER_ID,
  type: 'order.updated',
  at: NOW,
  data: { text: 'a\nb' },
});

function open(entries: TimelineEntry[]) {
  const closed: string[] = [];
  const { stream, body } = createTimelineStream({
    id: 's1',
    orderId: ORDER_ID,
    sessionId: 'session',
    afterSequence: 0,
    openedAtMs: 0,
    closesAtMs: 1_000,
    read: ({ sequence, limit }) => Promise.resolve(entries.filter((one) => one.sequence > sequence).slice(0, limit)),
    onClose: ({ id }) => closed.push(id),
    logger: silentLogger(),
  });
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const next = async () => {
    const { done, value } = await reader.read();
    return done ? undefined : decoder.decode(value);
  };
  return { stream, reader, next, closed };
}

describe('a timeline stream', () => {
  it('tells an entry as one event with one line of data', () => {
    expect(toServerSentEvent(entry(7))).toBe(
      'id: 7\nevent: order.updated\ndata: {"sequence":7,"at":"2026-11-22T12:00:00.000Z","type":"order.updated","data":{"text":"a\\nb"}}\n\n',
    );
  });

  it('reads on until it has everything, and nothing when nothing is new', async () => {
    const { stream, next } = open(Array.from({ length: 150 }, (_, index) => entry(index + 1)));
    expect(await next()).toBe(': timeline\n\n');
    stream.deliver(150);
    const text = `${await next()}${await next()}`;
    expect(text.match(/^id: /gm)).toHaveLength(150);
    stream.deliver(150);
    stream.comment(4_999, 5_000);
    stream.comment(5_000, 5_000);
    expect(await next()).toBe(': still here\n\n');
  });

  it('reads nothing more for a client that does not take what waits', async () => {
    const entries: TimelineEntry[] = [];
    const { stream, next } = open(entries);
    for (let sequence = 1; sequence <= 40; sequence += 1) {
      entries.push(entry(sequence));
      stream.deliver(sequence);
      await Promise.resolve().then(() => new Promise((resolve) => setImmediate(resolve)));
    }
    let text = '';
    for (let chunks = 0; chunks < 16; chunks += 1) text += await next();
    expect(text.match(/^id: /gm)?.length).toBeLessThan(20);
    stream.deliver(40);
    expect(await next()).toContain('id: 40\n');
  });

  it('ends once, from either side', async () => {
    const ours = open([]);
    await ours.next();
    ours.stream.close();
    ours.stream.close();
    expect(await ours.next()).toBeUndefined();
    expect(ours.closed).toEqual(['s1']);
    const theirs = open([]);
    await theirs.reader.cancel();
    await waitFor(() => theirs.closed.length === 1);
    theirs.stream.deliver(1);
    theirs.stream.close();
    expect(theirs.closed).toEqual(['s1']);
  });
});

import { expect, test } from 'vitest';
import { ConnectionError, ProblemError } from './client-error.ts';
import { createClient } from './index.ts';
import { readServerSentEvents } from './server-sent-events.ts';

const encoder = new TextEncoder();

async function* chunked(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test.each([1, 2, 3, 7, 1_000])('reads events in chunks of %i bytes, with any line end', async (size) => {
  const text =
    ': hello\n\nid: 1\nevent: a\ndata: {"n":"ä€😀"}\n\nid:2\r\ndata: x\r\ndata: y\r\n\r\n\nevent: cut\ndata: off';
  expect(await collect(readServerSentEvents(chunked(text, size)))).toEqual([
    { id: '1', event: 'a', data: '{"n":"ä€😀"}' },
    { id: '2', event: 'message', data: 'x\ny' },
  ]);
});

const entry = (sequence: number) =>
  `id: ${sequence}\nevent: order.created\ndata: ${JSON.stringify({ sequence, at: '', type: 'order.created', data: {} })}\n\n`;

/** A fetch that gives one stream after the other; `undefined` is a connection that cannot be made. */
function fetchOf(streams: (string | Response | undefined)[]): { fetch: typeof fetch; asked: Headers[] } {
  const asked: Headers[] = [];
  return {
    asked,
    fetch: (async (_input: string, init: RequestInit) => {
      asked.push(new Headers(init.headers));
      const stream = streams[Math.min(asked.length, streams.length) - 1];
      if (stream instanceof Response) return stream;
      if (stream === undefined) throw new TypeError('fetch failed');
      return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
    }) as typeof fetch,
  };
}

test('goes on after the last entry when the stream was closed or cut, without gap or repetition', async () => {
  const { fetch, asked } = fetchOf([entry(1) + entry(2), undefined, entry(2) + entry(3) + entry(4)]);
  const client = createClient({ baseUrl: 'http://shop.test', fetch });
  const sequences: number[] = [];
  for await (const { sequence } of client.timeline('1')) {
    sequences.push(sequence);
    if (sequence === 4) break;
  }
  expect(sequences).toEqual([1, 2, 3, 4]);
  expect(asked.map((headers) => headers.get('last-event-id'))).toEqual([null, '2', '2']);
});

test('begins after what is known', async () => {
  const { fetch, asked } = fetchOf([entry(8)]);
  for await (const { sequence } of createClient({ baseUrl: 'http://shop.test', fetch }).timeline('1', { after: 7 })) {
    expect(sequence).toBe(8);
    break;
  }
  expect(asked[0]?.get('last-event-id')).toBe('7');
});

test('ends quietly with the caller’s signal', async () => {
  const giveUp = new AbortController();
  const { fetch } = fetchOf([entry(1)]);
  const seen: number[] = [];
  for await (const { sequence } of createClient({ baseUrl: 'http://shop.test', fetch }).timeline('1', giveUp)) {
    seen.push(sequence);
    giveUp.abort();
  }
  expect(seen).toEqual([1]);
});

test('throws what the shop refuses', async () => {
  const refusal = () =>
    new Response(JSON.stringify({ type: '/problems/not-found', title: '', status: 404, detail: '', instance: '' }), {
      status: 404,
      headers: { 'content-type': 'application/problem+json' },
    });
  const { fetch, asked } = fetchOf([refusal()]);
  const stream = collect(createClient({ baseUrl: 'http://shop.test', fetch }).timeline('1'));
  await expect(stream).rejects.toBeInstanceOf(ProblemError);
  expect(asked).toHaveLength(1);
});

test('gives up after five connections in a row that could not be made', async () => {
  const { fetch, asked } = fetchOf([undefined]);
  const stream = collect(createClient({ baseUrl: 'http://shop.test', fetch }).timeline('1'));
  await expect(stream).rejects.toBeInstanceOf(ConnectionError);
  expect(asked).toHaveLength(5);
}, 40_000);

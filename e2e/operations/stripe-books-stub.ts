import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StubRow {
  id: string;
  created: number;
  [field: string]: unknown;
}

/** The two lists of Stripe's protocol that its books are read from: filtered by time, newest first, in pages. */
export interface StripeBooksStub {
  url: string;
  intents: StubRow[];
  refunds: StubRow[];
  /** Of whom a request has to bring the key. */
  apiKey: string;
  pages: number;
  stop(): Promise<void>;
}

export async function startStripeBooksStub(): Promise<StripeBooksStub> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://stub');
    const rows = { '/v1/payment_intents': stub.intents, '/v1/refunds': stub.refunds }[url.pathname];
    const isKnown = request.headers.authorization === `Bearer ${stub.apiKey}`;
    const status = !isKnown ? 401 : rows === undefined ? 404 : 200;
    const error = { error: { type: 'invalid_request_error', message: 'Invalid API Key provided' } };
    const body = status === 200 ? pageOf(rows ?? [], url.searchParams) : error;
    stub.pages += 1;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const stub: StripeBooksStub = {
    url: '',
    intents: [],
    refunds: [],
    apiKey: 'sk_test_books',
    pages: 0,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return stub;
}

function pageOf(rows: StubRow[], query: URLSearchParams) {
  const limit = Number(query.get('limit') ?? '10');
  const from = Number(query.get('created[gte]') ?? '0');
  const fitting = rows.filter(({ created }) => created >= from).sort((a, b) => b.created - a.created);
  const after = query.get('starting_after');
  const start = after === null ? 0 : fitting.findIndex(({ id }) => id === after) + 1;
  const data = fitting.slice(start, start + limit);
  return { object: 'list', data, has_more: start + limit < fitting.length, url: '/v1' };
}

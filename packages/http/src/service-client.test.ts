import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { createBreaker, createRetryBudget } from './breaker.ts';
import { createServiceClient, type ServiceClientOptions } from './service-client.ts';

const silent = { info() {}, warn() {}, error() {}, debug() {} } as never;
const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

async function aCallee(answer: (request: IncomingMessage, response: ServerResponse, count: number) => void) {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    answer(request, response, count);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, count: () => count };
}

function aClient(baseUrl: string, options: Partial<ServiceClientOptions> = {}) {
  const client = createServiceClient({
    from: 'order-service',
    to: 'product-service',
    baseUrl,
    internalSecret: 's'.repeat(32),
    logger: silent,
    ...options,
  });
  endings.push(() => client.close());
  return client;
}

const get = { method: 'GET', path: '/internal/things', schema: z.object({ ok: z.boolean() }) } as const;
const post = { ...get, method: 'POST', body: { a: 1 } } as const;

test('a call carries a service token for the callee and the trace, and parses the answer', async () => {
  let headers: IncomingMessage['headers'] = {};
  const callee = await aCallee((request, response) => {
    headers = request.headers;
    response.end('{"ok":true}');
  });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  expect(await aClient(callee.url).request({ ...get, traceparent })).toEqual({ status: 200, body: { ok: true } });
  const token = headers.authorization?.replace('Bearer ', '') ?? '';
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'service+jwt' });
  expect(decodeJwt(token)).toMatchObject({ iss: 'order-service', aud: 'product-service' });
  expect(headers.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
});

test("a callee's problem is passed on with code, detail and errors", async () => {
  const errors = [{ pointer: '/items/0/productId', detail: 'unknown product' }];
  const callee = await aCallee((_request, response) => {
    response.writeHead(409, { 'retry-after': '7' });
    response.end(JSON.stringify({ type: '/problems/out-of-stock', detail: 'Too little', errors }));
  });
  const call = aClient(callee.url).request(get);
  await expect(call).rejects.toMatchObject({
    code: 'out-of-stock',
    detail: 'Too little',
    errors,
    retryAfterSeconds: 7,
  });
});

test.each([401, 403, 400, 415, 500, 418])(
  'a %i of the callee is a fault between services: unavailable',
  async (status) => {
    const slugs: Record<number, string> = {
      401: 'unauthorized',
      403: 'forbidden',
      400: 'malformed',
      415: 'unsupported-media',
    };
    const callee = await aCallee((_request, response) => {
      response.writeHead(status).end(JSON.stringify({ type: `/problems/${slugs[status] ?? 'other'}` }));
    });
    await expect(aClient(callee.url).request(get)).rejects.toMatchObject({ code: 'unavailable' });
  },
);

test.each([['{"ok":1}'], ['not json'], ['']])('the answer %j breaks the schema: unavailable', async (body) => {
  const callee = await aCallee((_request, response) => void response.end(body));
  await expect(aClient(callee.url).request(get)).rejects.toMatchObject({ code: 'unavailable' });
});

test('a connection that breaks is tried once more for a GET, never for a POST that may have had its effect', async () => {
  const callee = await aCallee((request, response, count) => {
    if (count === 1 || request.method === 'POST') request.socket.destroy();
    else response.end('{"ok":true}');
  });
  const client = aClient(callee.url);
  expect(await client.request(get)).toMatchObject({ status: 200 });
  expect(callee.count()).toBe(2);
  await expect(client.request(post)).rejects.toMatchObject({ code: 'unavailable' });
  expect(callee.count()).toBe(3);
  await expect(client.request({ ...post, idempotent: true })).rejects.toMatchObject({ code: 'unavailable' });
  expect(callee.count()).toBe(5);
});

test('a callee that never answers costs the deadline and no longer', async () => {
  const callee = await aCallee(() => undefined);
  const startedMs = performance.now();
  const call = aClient(callee.url, { deadlineMs: 300 }).request(get);
  await expect(call).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
  // The default deadline, which it has not, is five seconds.
  expect(performance.now() - startedMs).toBeLessThan(4_000);
  expect(callee.count()).toBe(1);
});

test('a client that leaves ends the call at the callee and does not count against it', async () => {
  let isClosed = false;
  let leaving = new AbortController();
  const callee = await aCallee((request) => {
    request.socket.on('close', () => (isClosed = true));
    leaving.abort();
  });
  const client = aClient(callee.url, { breaker: { failuresMax: 1 } });
  await expect(client.request({ ...get, signal: leaving.signal })).rejects.toMatchObject({ code: 'unavailable' });
  await vi.waitFor(() => expect(isClosed).toBe(true), 10_000);
  leaving = new AbortController();
  await expect(client.request({ ...get, signal: leaving.signal })).rejects.toMatchObject({ code: 'unavailable' });
  expect(callee.count()).toBe(2);
});

test('the breaker opens for a dead callee, fails at once, and heals by itself', async () => {
  let isDown = true;
  const callee = await aCallee((request, response) =>
    isDown ? request.socket.destroy() : response.end('{"ok":true}'),
  );
  let nowMs = 0;
  const client = aClient(callee.url, { breaker: { openMs: { first: 1_000, max: 4_000 }, nowMs: () => nowMs } });
  for (let count = 0; count < 5; count += 1) await expect(client.request(post)).rejects.toThrow();
  const countBefore = callee.count();
  // The callee is not even asked.
  await expect(client.request(post)).rejects.toMatchObject({ code: 'unavailable' });
  expect(callee.count()).toBe(countBefore);
  isDown = false;
  nowMs += 2_000;
  expect(await client.request(post)).toMatchObject({ status: 200 });
});

test('a refused connection is unavailable within the connect timeout', async () => {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  const startedMs = performance.now();
  await expect(aClient(`http://127.0.0.1:${port}`).request(post)).rejects.toMatchObject({ code: 'unavailable' });
  expect(performance.now() - startedMs).toBeLessThan(4_000);
});

test('an open breaker lets one probe through at a time and waits longer after each that fails', () => {
  let nowMs = 0;
  const breaker = createBreaker({ failuresMax: 2, openMs: { first: 100, max: 150 }, nowMs: () => nowMs });
  for (let count = 0; count < 2; count += 1) breaker.acquire()?.('failure');
  expect(breaker.state()).toBe('open');
  expect(breaker.acquire()).toBeUndefined();
  nowMs = 101;
  expect(breaker.state()).toBe('half-open');
  const probe = breaker.acquire();
  expect(probe).toBeDefined();
  expect(breaker.acquire()).toBeUndefined();
  probe?.('failure');
  nowMs = 101 + 110;
  expect(breaker.acquire()).toBeUndefined();
  nowMs = 101 + 151;
  breaker.acquire()?.('unknown');
  breaker.acquire()?.('success');
  expect(breaker.state()).toBe('closed');
});

test('retries stay within a tenth of the calls', () => {
  const budget = createRetryBudget();
  let retries = 0;
  for (let count = 0; count < 1000; count += 1) {
    budget.onCall();
    if (budget.spend()) retries += 1;
  }
  expect(retries).toBeLessThanOrEqual(105);
  expect(retries).toBeGreaterThanOrEqual(100);
});

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { afterEach, expect, test } from 'vitest';
import {
  ConnectionError,
  createClient,
  DeadlineError,
  isProblem,
  type SessionTokens,
  type SoukClient,
} from './index.ts';

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

type Reply = (response: ServerResponse, request: Seen) => void;

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

/** A shop that gives the replies in order, the last one for ever, and remembers what it was asked. */
async function aShop(...replies: Reply[]): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const entry = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(entry);
      const reply = replies[Math.min(seen.length, replies.length) - 1];
      reply?.(response, entry);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', () => resolve()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

const problem = (status: number, slug: string, headers: Record<string, string> = {}, extra: object = {}): Reply =>
  json(
    status,
    {
      type: `/problems/${slug}`,
      title: slug,
      status,
      detail: `It is ${slug}`,
      instance: '/x',
      traceId: 'abc',
      ...extra,
    },
    { 'content-type': 'application/problem+json', 'x-request-id': 'r1', ...headers },
  );

const cut: Reply = (response) => void response.socket?.destroy();

const tokens = (accessToken: string, expiresInMs = 600_000): SessionTokens => ({
  accessToken,
  refreshToken: `refresh-of-${accessToken}`,
  expiresAt: Date.now() + expiresInMs,
});

const refreshed = (accessToken: string) =>
  json(200, { tokenType: 'Bearer', accessToken, expiresIn: 600, refreshToken: `refresh-of-${accessToken}` });

const order = { items: [{ productId: 'p', quantity: 1 }], shippingAddress: {} as never };

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('writes an operation down as its route says', async () => {
  const { url, seen } = await aShop(json(200, { id: 'a b' }, { etag: '"3"' }));
  const client = createClient({ baseUrl: `${url}/`, tokens: tokens('one') });
  const answer = await client.send('updateProduct', { path: { id: 'a/b' }, ifMatch: 3, body: { name: 'Tea' } });
  expect(answer).toMatchObject({ status: 200, etag: '"3"', isReplayed: false });
  expect(seen[0]).toMatchObject({ method: 'PATCH', url: '/api/v1/products/a%2Fb', body: '{"name":"Tea"}' });
  expect(seen[0]?.headers).toMatchObject({ 'if-match': '"3"', authorization: 'Bearer one' });
  await client.call('listProducts', { query: { q: 'tea & co', inStock: 'true', sort: undefined } });
  expect(seen[1]?.url).toBe('/api/v1/products?q=tea+%26+co&inStock=true');
  expect(seen[1]?.headers.authorization).toBeUndefined();
});

test('answers nothing where the shop has nothing to say', async () => {
  const { url } = await aShop((response) => response.writeHead(204).end());
  expect(await createClient({ baseUrl: url }).call('clearCart')).toBeUndefined();
});

test('throws a problem with everything that stands in it', async () => {
  const errors = [{ pointer: '/items/0/quantity', detail: 'Only 2 are left' }];
  const { url } = await aShop(problem(409, 'out-of-stock', {}, { errors }));
  const error = await failureOf(createClient({ baseUrl: url }).call('placeOrder', { body: order }));
  expect(isProblem(error, 'out-of-stock')).toBe(true);
  expect(isProblem(error)).toBe(true);
  expect(isProblem(error, 'conflict', 'not-found')).toBe(false);
  expect(error).toMatchObject({ status: 409, errors, traceId: 'abc', requestId: 'r1', name: 'ProblemError' });
});

test('says so when something answers that is not the shop', async () => {
  const html: Reply = (response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>nginx</h1>');
  const { url } = await aShop(html, json(200, 1), (response) => response.writeHead(200).end('{'));
  const client = createClient({ baseUrl: url });
  const expected = { name: 'UnexpectedAnswerError', status: 404, message: expect.stringContaining('nginx') };
  expect(await failureOf(client.call('listCategories'))).toMatchObject(expected);
  await client.call('listCategories');
  expect(await failureOf(client.call('listCategories'))).toMatchObject({ name: 'UnexpectedAnswerError', status: 200 });
});

test('makes one Idempotency-Key and keeps it over retries', async () => {
  const { url, seen } = await aShop(
    cut,
    problem(503, 'unavailable'),
    problem(409, 'idempotency-in-progress'),
    json(201, { id: '1' }),
  );
  expect(await createClient({ baseUrl: url }).call('placeOrder', { body: order })).toEqual({ id: '1' });
  const keys = new Set(seen.map(({ headers }) => headers['idempotency-key']));
  expect(seen).toHaveLength(4);
  expect(keys.size).toBe(1);
  expect([...keys][0]).toMatch(/^[0-9a-f]{32}$/);
});

test('takes the caller’s Idempotency-Key and tells a replay', async () => {
  const { url, seen } = await aShop(json(201, { id: '1' }, { 'idempotent-replayed': 'true' }));
  const answer = await createClient({ baseUrl: url }).send('placeOrder', { body: order, idempotencyKey: 'mine' });
  expect(answer.isReplayed).toBe(true);
  expect(seen[0]?.headers['idempotency-key']).toBe('mine');
});

test.each<[string, (client: SoukClient) => Promise<unknown>]>([
  ['a cancellation', (client) => client.call('cancelOrder', { path: { id: '1' }, body: {} })],
  ['a PUT', (client) => client.call('putCartItem', { path: { productId: '1' }, body: { quantity: 1 } })],
  ['a DELETE', (client) => client.call('clearCart')],
])('never sends %s twice when its outcome is unknown', async (_, send) => {
  const { url, seen } = await aShop(cut, json(200, {}));
  expect(await failureOf(send(createClient({ baseUrl: url })))).toBeInstanceOf(ConnectionError);
  expect(seen).toHaveLength(1);
});

test('sends anything again that the limiter refused, after the time it asked for', async () => {
  const { url, seen } = await aShop(problem(429, 'rate-limited', { 'retry-after': '1' }), json(200, { id: '1' }));
  const startedAt = performance.now();
  await createClient({ baseUrl: url }).call('cancelOrder', { path: { id: '1' } });
  expect(performance.now() - startedAt).toBeGreaterThan(990);
  expect(seen).toHaveLength(2);
});

test('passes a refusal on at once when waiting would take longer than the deadline', async () => {
  const { url, seen } = await aShop(problem(429, 'rate-limited', { 'retry-after': '60' }));
  const error = await failureOf(createClient({ baseUrl: url, timeoutMs: 2_000 }).call('listProducts'));
  expect(error).toMatchObject({ slug: 'rate-limited', retryAfterSeconds: 60 });
  expect(seen).toHaveLength(1);
});

test('gives up after its retries', async () => {
  const { url, seen } = await aShop(problem(503, 'unavailable'));
  expect(await failureOf(createClient({ baseUrl: url, retriesMax: 1 }).call('listProducts'))).toMatchObject({
    status: 503,
  });
  expect(seen).toHaveLength(2);
});

test('does not repeat what was decided', async () => {
  const { url, seen } = await aShop(problem(500, 'internal'));
  expect(await failureOf(createClient({ baseUrl: url }).call('listProducts'))).toMatchObject({ slug: 'internal' });
  expect(seen).toHaveLength(1);
});

test('ends every call at its deadline, tries included', async () => {
  const { url } = await aShop(() => {});
  const startedAt = performance.now();
  const error = await failureOf(createClient({ baseUrl: url }).call('listProducts', { timeoutMs: 150 }));
  expect(error).toBeInstanceOf(DeadlineError);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test('ends with the caller’s own signal, and says what the caller said', async () => {
  const { url } = await aShop(() => {});
  const reason = new RangeError('changed my mind');
  const giveUp = new AbortController();
  const call = failureOf(createClient({ baseUrl: url }).call('listProducts', { signal: giveUp.signal }));
  setTimeout(() => giveUp.abort(reason), 50);
  expect(await call).toBe(reason);
});

test('trades an expired access token in before it is refused', async () => {
  const { url, seen } = await aShop(refreshed('two'), json(200, {}));
  const kept: (SessionTokens | undefined)[] = [];
  const client = createClient({ baseUrl: url, tokens: tokens('one', 1_000), onTokens: (pair) => kept.push(pair) });
  await client.call('getProfile');
  expect(seen.map((request) => request.url)).toEqual(['/api/v1/users/refresh', '/api/v1/users/me']);
  expect(seen[1]?.headers.authorization).toBe('Bearer two');
  expect(kept).toMatchObject([{ accessToken: 'two', refreshToken: 'refresh-of-two' }]);
});

test('refreshes once for all calls that were refused, and sends them again', async () => {
  const byToken: Reply = (response, request) => {
    if (request.url === '/api/v1/users/refresh') refreshed('two')(response, request);
    else if (request.headers.authorization === 'Bearer two') json(200, {})(response, request);
    else problem(401, 'unauthorized')(response, request);
  };
  const { url, seen } = await aShop(byToken);
  const client = createClient({ baseUrl: url, tokens: tokens('one') });
  await Promise.all(Array.from({ length: 8 }, () => client.call('cancelOrder', { path: { id: '1' } })));
  expect(seen.filter((request) => request.url === '/api/v1/users/refresh')).toHaveLength(1);
});

test('forgets the session when the refresh token is no longer good', async () => {
  const { url } = await aShop(problem(401, 'unauthorized'), problem(401, 'invalid-refresh-token'));
  const kept: (SessionTokens | undefined)[] = [];
  const client = createClient({ baseUrl: url, tokens: tokens('one'), onTokens: (pair) => kept.push(pair) });
  expect(await failureOf(client.call('getProfile'))).toMatchObject({ slug: 'unauthorized' });
  expect(client.tokens).toBeUndefined();
  expect(kept).toEqual([undefined]);
});

test('has nothing to renew without a refresh token', async () => {
  const { url, seen } = await aShop(problem(401, 'unauthorized'));
  const client = createClient({ baseUrl: url, tokens: { accessToken: 'one', expiresAt: Number.POSITIVE_INFINITY } });
  expect(await failureOf(client.call('getProfile'))).toMatchObject({ slug: 'unauthorized' });
  expect(seen).toHaveLength(1);
});

test('tries to log in again when the shop was too busy', async () => {
  const { url, seen } = await aShop(problem(503, 'unavailable'), refreshed('one'));
  const client = createClient({ baseUrl: url });
  await client.logIn('a@example.test', 'secret');
  expect([client.tokens?.accessToken, seen.length]).toEqual(['one', 2]);
});

test('logs in and out', async () => {
  const { url, seen } = await aShop(refreshed('one'), (response) => response.writeHead(204).end());
  const client = createClient({ baseUrl: url });
  await client.logOut();
  await client.logIn('a@example.test', 'secret');
  expect(client.tokens?.accessToken).toBe('one');
  await client.logOut();
  expect(client.tokens).toBeUndefined();
  expect(seen.map((request) => request.url)).toEqual(['/api/v1/users/login', '/api/v1/users/logout']);
});

test('walks through a list page by page, and no further than asked', async () => {
  const { url, seen } = await aShop(
    json(200, { items: [{ id: '1' }, { id: '2' }], nextCursor: 'next', total: 3 }),
    json(200, { items: [{ id: '3' }], nextCursor: null, total: 3 }),
  );
  const client = createClient({ baseUrl: url });
  const ids: string[] = [];
  for await (const product of client.items('listProducts', { query: { limit: 2 } })) ids.push(product.id);
  expect(ids).toEqual(['1', '2', '3']);
  expect(seen.map((request) => request.url)).toEqual([
    '/api/v1/products?limit=2',
    '/api/v1/products?limit=2&cursor=next',
  ]);
});

test('knows before it runs what an operation takes', async () => {
  const { url } = await aShop(json(200, { items: [], nextCursor: null }));
  const client = createClient({ baseUrl: url });
  // @ts-expect-error the sort orders are a closed list
  await client.call('listProducts', { query: { sort: 'cheapest' } });
  // @ts-expect-error an order cannot be read without its id
  await client.call('getOrder').catch(() => {});
  // @ts-expect-error products are written over a version
  await client.call('updateProduct', { path: { id: '1' }, body: {} });
});

test('needs nothing but what a browser has', async () => {
  const bundle = await build({
    entryPoints: [new URL('./index.ts', import.meta.url).pathname],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    minify: true,
  });
  const text = bundle.outputFiles[0]?.text ?? '';
  expect(text).not.toMatch(/node:|process\.|Buffer/);
  expect(text.length).toBeLessThan(24_000);
});

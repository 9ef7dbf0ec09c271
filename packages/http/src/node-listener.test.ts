import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { anApp, thingRoutes } from '../test/app.ts';
import { reply } from './reply.ts';
import { defineRoute } from './route.ts';

let server: Server;
let port: number;
let waits = 0;
let aborts = 0;
let cancels = 0;
let addresses: string[] = [];

beforeAll(async () => {
  const base = {
    tags: [],
    summary: '',
    problems: [],
    responses: { 200: { description: '' } },
    access: 'anyone',
  } as const;
  const app = anApp(
    [
      ...thingRoutes,
      defineRoute({
        ...base,
        method: 'GET',
        path: '/wait',
        operationId: 'wait',
        handler: ({ request }) =>
          new Promise((resolve) => {
            waits += 1;
            request.signal.addEventListener('abort', () => {
              aborts += 1;
              resolve(reply.noContent());
            });
          }),
      }),
      defineRoute({
        ...base,
        method: 'POST',
        path: '/echo',
        operationId: 'echo',
        body: z.strictObject({ text: z.string() }),
        handler: ({ body, request }) => {
          addresses.push(request.address);
          return reply.ok(body);
        },
      }),
      defineRoute({
        ...base,
        method: 'GET',
        path: '/stream',
        operationId: 'stream',
        longLived: true,
        handler: ({ request }) => {
          const body = new ReadableStream({
            start(controller) {
              controller.enqueue(new TextEncoder().encode('data: 1\n\n'));
              if (request.method === 'GET') controller.close();
            },
            cancel() {
              cancels += 1;
            },
          });
          return reply.raw(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
        },
      }),
    ],
    { trustedProxyHops: 1 },
  );
  server = createServer(app.listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends bytes as they are and gives what came back until the server closes or has answered whole. */
function exchange(request: string | Buffer, untilMs = 15_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let answer = '';
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(end, untilMs);
    socket.on('data', (chunk) => {
      answer += chunk;
      const [head = '', body] = answer.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
      if (body !== undefined && (Buffer.byteLength(body) >= length || /^HTTP\/1.1 (204|304)/.test(head))) end();
    });
    socket.on('close', end);
    socket.on('error', () => undefined);
  });
}

function slugOf(answer: string): string {
  return /"type":"\/problems\/([a-z-]+)"/.exec(answer)?.[1] ?? answer.slice(0, 30);
}

const get = (target: string, headers = '') => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;

test.each([
  '/api/v1/things/../x',
  '/api/v1/../../internal/things',
  '/api/v1/things/%2e%2e/x',
  '/api/v1/things/.%2E/x',
  '/api/v1/things/..\\x',
  '/api/v1/things/..%5cx',
  '/api/v1/things/%00',
])('%s is 400 and reaches no route', async (target) => {
  expect(slugOf(await exchange(get(target)))).toBe('malformed');
});

test.each(['/api/v1/things/%252e%252e', '/api/v1//things', '//localhost/api/v1/things', '/api/v1/things/a;x'])(
  '%s is 404',
  async (target) => expect(slugOf(await exchange(get(target)))).toBe('not-found'),
);

test('an absolute target counts as its path, for the authority that Host names', async () => {
  expect(await exchange(get('http://localhost/api/v1/things/abc'))).toContain('{"id":"abc"}');
  expect(slugOf(await exchange(get('http://elsewhere/api/v1/things/abc')))).toBe('misdirected');
});

test.each([
  ['two hosts', 'Host: a\r\nHost: b\r\n'],
  ['a host with a path', 'Host: a/b\r\n'],
  ['a host with user info', 'Host: a@b\r\n'],
  ['a host with a space', 'Host: a b\r\n'],
])('%s is 400', async (_name, headers) => {
  expect(await exchange(`GET /health HTTP/1.1\r\n${headers}\r\n`)).toMatch(/^HTTP\/1.1 400/);
});

test.each(['localhost', '127.0.0.1:3000', '[::1]:3000', 'any.example', 'UPPER.example'])(
  'the host %s is served',
  async (host) => {
    expect(await exchange(`GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).toContain('{"status":"ok"}');
  },
);

test('two Authorization headers are 401, though node shows only the first', async () => {
  const headers = 'Authorization: Bearer customer\r\nAuthorization: Bearer admin\r\n';
  expect(slugOf(await exchange(get('/api/v1/things/mine', headers)))).toBe('unauthorized');
  expect(await exchange(get('/api/v1/things/mine', 'Authorization: Bearer customer\r\n'))).toContain(
    '{"mine":"customer"}',
  );
});

test.each(['TRACE', 'OPTIONS', 'PROPFIND'])('%s is 405 with Allow', async (method) => {
  const answer = await exchange(`${method} /api/v1/things HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  expect(answer).toMatch(/allow: GET, HEAD, POST/i);
  expect(slugOf(answer)).toBe('method-not-allowed');
});

const echo = (headers: string, body = '') =>
  `POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;

test('a body is read in any framing', async () => {
  expect(await exchange(echo('Content-Length: 12\r\n', '{"text":"a"}'))).toContain('{"text":"a"}');
  expect(await exchange(echo('Transfer-Encoding: chunked\r\n', '6\r\n{"text\r\n6\r\n":"a"}\r\n0\r\n\r\n'))).toContain(
    '{"text":"a"}',
  );
});

test('a length over the limit is 413 before the body comes, also where there is no route', async () => {
  expect(slugOf(await exchange(echo('Content-Length: 102401\r\n')))).toBe('too-large');
  const nowhere = 'POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 102401\r\n\r\n';
  expect(slugOf(await exchange(nowhere))).toBe('too-large');
});

test('a chunked body over the limit is 413 for a client that sends all of it', async () => {
  for (const bytes of [102_401, 5_000_000]) {
    const response = await fetch(`http://127.0.0.1:${port}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new ReadableStream({
        start(controller) {
          for (let sent = 0; sent < bytes; sent += 50_000)
            controller.enqueue(new Uint8Array(Math.min(50_000, bytes - sent)));
          controller.close();
        },
      }),
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(413);
  }
});

test('a chunked body of exactly the limit passes', async () => {
  const body = `{"text":"a"}${' '.repeat(102_400 - 12)}`;
  const chunked = `${(51_200).toString(16)}\r\n${body.slice(0, 51_200)}\r\n${(51_200).toString(16)}\r\n${body.slice(51_200)}\r\n0\r\n\r\n`;
  expect(await exchange(echo('Transfer-Encoding: chunked\r\n', chunked))).toContain('{"text":"a"}');
});

test('a client that leaves aborts the signal of its request', async () => {
  const socket = connect(port, '127.0.0.1', () => socket.write(get('/wait')));
  await expect.poll(() => waits).toBe(1);
  socket.destroy();
  await expect.poll(() => aborts).toBe(1);
});

test('a client that leaves in the middle of its body breaks nothing', async () => {
  for (const headers of ['Content-Length: 100\r\n', 'Transfer-Encoding: chunked\r\n']) {
    const socket = connect(port, '127.0.0.1', () => socket.write(echo(headers, '6\r\n{"text')));
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
  }
  expect(await exchange(get('/health'))).toContain('{"status":"ok"}');
});

test('a stream is passed through with the headers of every answer', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/stream`);
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(await response.text()).toBe('data: 1\n\n');
});

test('HEAD of a stream ends it', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/stream`, { method: 'HEAD' });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  await expect.poll(() => cancels).toBe(1);
});

test('the address is what the trusted proxy wrote, never what the client says', async () => {
  addresses = [];
  const lists = ['203.0.113.9', '198.51.100.1, 203.0.113.9', 'nonsense', '::ffff:203.0.113.9', '2001:DB8::1'];
  for (const list of lists) await exchange(echo(`X-Forwarded-For: ${list}\r\nContent-Length: 12\r\n`, '{"text":"a"}'));
  expect(addresses).toEqual(['203.0.113.9', '203.0.113.9', '127.0.0.1', '203.0.113.9', '2001:db8::1']);
});

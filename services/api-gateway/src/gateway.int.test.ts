import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayWorld, startGatewayWorld } from '../test/gateway-world.ts';

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.stop());
beforeEach(() => {
  world.products.seen.length = 0;
  world.orders.seen.length = 0;
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(world.url + path, { headers });
const bearer = async () => ({ authorization: `Bearer ${await world.identity.token()}` });

describe('the gateway passes a request on', () => {
  it('to the service of its resource, path and query as they came', async () => {
    const answer = await get('/api/v1/products?q=a%20b&limit=3');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ path: '/api/v1/products?q=a%20b&limit=3' });
    expect(world.products.seen[0]?.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1' });
  });

  it('with the current version where none was named', async () => {
    expect(await (await get('/api/products/tea-pot?x=1')).json()).toEqual({ path: '/api/v1/products/tea-pot?x=1' });
  });

  it('with the request id and the trace of the caller', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const answer = await get('/api/v1/products', {
      'x-request-id': 'my-request.1',
      traceparent: `00-${trace}-b7ad6b7169203331-01`,
    });
    expect(answer.headers.get('x-request-id')).toBe('my-request.1');
    const seen = world.products.seen[0]?.headers;
    expect(seen?.['x-request-id']).toBe('my-request.1');
    expect(seen?.traceparent).toMatch(new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
  });

  it('with a request id of its own where the caller’s is none', async () => {
    const answer = await get('/api/v1/products', { 'x-request-id': 'no spaces please' });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('without what a client claims to be, and without hop-by-hop fields', async () => {
    await get('/api/v1/products', {
      'x-user-id': 'admin',
      'x-user-role': 'admin',
      'x-internal-secret': 'guess',
      forwarded: 'for=1.2.3.4',
      'x-forwarded-for': '1.2.3.4',
      'x-real-ip': '1.2.3.4',
      'x-original-url': '/internal/orders/1',
      'x-http-method-override': 'DELETE',
      cookie: 'session=1',
      'accept-language': 'de',
    });
    const names = (world.products.seen[0]?.rawHeaders ?? []).filter((_, index) => index % 2 === 0);
    expect(names.map((name) => name.toLowerCase()).sort()).toEqual(
      [
        'accept',
        'accept-language',
        'connection',
        'host',
        'traceparent',
        'user-agent',
        'x-forwarded-for',
        'x-forwarded-host',
        'x-request-id',
      ].sort(),
    );
    expect(world.products.seen[0]?.headers['x-forwarded-for']).toBe('127.0.0.1');
  });

  it('with its body, however it is framed', async () => {
    const body = JSON.stringify({ quantity: 2 });
    const headers = { ...(await bearer()), 'content-type': 'application/json', 'idempotency-key': 'k1' };
    const url = `${world.url}/api/v1/orders`;
    await fetch(url, { method: 'POST', headers, body });
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(body.slice(0, 5)));
        controller.enqueue(new TextEncoder().encode(body.slice(5)));
        controller.close();
      },
    });
    await fetch(url, { method: 'POST', headers, body: stream, duplex: 'half' } as RequestInit);
    expect(world.orders.seen.map((seen) => seen.body)).toEqual([body, body]);
    expect(world.orders.seen[1]?.headers['content-length']).toBe(String(body.length));
  });
});

describe('the gateway passes an answer back', () => {
  it('with status, fields and every cookie, without the fields of the inner connection', async () => {
    world.products.answerWith((_request, response) => {
      response.writeHead(207, {
        'content-type': 'text/plain',
        'set-cookie': ['a=1', 'b=2'],
        etag: '"3"',
        connection: 'x-inner',
        'x-inner': 'secret',
        'keep-alive': 'timeout=5',
      });
      response.end('partly');
    });
    const answer = await get('/api/v1/products');
    expect(answer.status).toBe(207);
    expect(await answer.text()).toBe('partly');
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(answer.headers.get('etag')).toBe('"3"');
    expect(answer.headers.get('x-inner')).toBeNull();
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('of HEAD, 204 and 304 without a body', async () => {
    world.products.answerWith((request, response) => {
      if (request.method === 'HEAD') response.writeHead(200, { 'content-length': '1234' }).end();
      else response.writeHead(request.headers['if-none-match'] === undefined ? 204 : 304, { etag: '"1"' }).end();
    });
    const head = await fetch(`${world.url}/api/v1/products`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe('1234');
    expect((await get('/api/v1/products')).status).toBe(204);
    const notModified = await get('/api/v1/products', { 'if-none-match': '"1"' });
    expect(notModified.status).toBe(304);
    expect(notModified.headers.get('etag')).toBe('"1"');
  });

  it('of twenty megabytes whole', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    world.products.answerWith((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      let sent = 0;
      const more = () => {
        while (sent < 20) {
          sent += 1;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const answer = await get('/media/huge.svg');
    expect((await answer.arrayBuffer()).byteLength).toBe(20 * 1024 * 1024);
  });
});

describe('the gateway refuses at the edge', () => {
  it.each([
    ['GET', '/api/v1/nothing', 404, 'not-found'],
    ['GET', '/internal/orders/1', 404, 'not-found'],
    ['GET', '/metrics', 404, 'not-found'],
    ['GET', '/readyz', 404, 'not-found'],
    ['GET', '/livez', 404, 'not-found'],
    ['GET', '/health/ready', 404, 'not-found'],
    ['GET', '/debug', 404, 'not-found'],
    ['GET', '/api/v1/operations/user-service/dead-letters', 404, 'not-found'],
    ['DELETE', '/api/v1/products', 405, 'method-not-allowed'],
    ['POST', '/docs', 405, 'method-not-allowed'],
    ['GET', '/api/v1/orders', 401, 'unauthorized'],
    ['POST', '/api/v1/users/logout', 401, 'unauthorized'],
  ])('%s %s with %i', async (method, path, status, slug) => {
    const answer = await fetch(world.url + path, { method });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const problem = (await answer.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ type: `/problems/${slug}`, status, instance: path });
    expect(problem.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.headers.get('x-request-id')).not.toBeNull();
    if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('names the methods that a path has', async () => {
    const answer = await fetch(`${world.url}/api/v1/products/x`, { method: 'PUT' });
    expect(answer.headers.get('allow')).toBe('DELETE, GET, HEAD, PATCH');
  });

  it('a token that is no good, and ignores any token where anyone may ask', async () => {
    expect((await get('/api/v1/orders', { authorization: 'Bearer nonsense' })).status).toBe(401);
    expect((await get('/api/v1/orders', { authorization: 'Basic YTpi' })).status).toBe(401);
    world.products.answerWith((_request, response) => response.end('{}'));
    expect((await get('/api/v1/products', { authorization: 'Bearer nonsense' })).status).toBe(200);
    const expired = await world.identity.token({ expiresInSeconds: -10 });
    const answer = await get('/api/v1/orders', { authorization: `Bearer ${expired}` });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
  });

  it('a session whose revocation it has heard of', async () => {
    world.orders.answerWith((_request, response) => response.end('{}'));
    const sessionId = '0198f000-0000-7000-8000-000000000001';
    const authorization = `Bearer ${await world.identity.token({ sessionId })}`;
    expect((await get('/api/v1/orders', { authorization })).status).toBe(200);
    world.identity.revoke(sessionId);
    await expect.poll(async () => (await get('/api/v1/orders', { authorization })).status).toBe(401);
  });

  it('a body over 102,400 bytes, with a length and without', async () => {
    const url = `${world.url}/api/v1/users`;
    const fits = await fetch(url, { method: 'POST', body: 'x'.repeat(102_400) });
    expect(fits.status).not.toBe(413);
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(102_401) })).status).toBe(413);
    const chunks = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(16_384));
      },
    });
    const answer = await fetch(url, { method: 'POST', body: chunks, duplex: 'half' } as RequestInit);
    expect(answer.status).toBe(413);
    expect(((await answer.json()) as { type: string }).type).toBe('/problems/too-large');
  });

  it('a target over 8,192 characters', async () => {
    expect((await get(`/api/v1/products?q=${'x'.repeat(8_192)}`)).status).toBe(414);
  });
});

describe('the gateway without user-service', () => {
  it('answers 503 on routes for users after ten seconds, and everybody else as before', async () => {
    const alone = await startGatewayWorld();
    const headers = { authorization: `Bearer ${await alone.identity.token()}` };
    const statusOf = async (path: string) => (await fetch(alone.url + path, { headers })).status;
    expect(await statusOf('/api/v1/orders')).toBe(200);
    await alone.identity.stop();
    await expect.poll(() => statusOf('/api/v1/orders'), { timeout: 25_000, interval: 250 }).toBe(503);
    const answer = await fetch(`${alone.url}/api/v1/orders`, { headers });
    expect(await answer.json()).toMatchObject({ type: '/problems/unavailable' });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await statusOf('/api/v1/products')).toBe(200);
    await alone.stop();
  });
});

describe('the operations port', () => {
  it('serves probes and metrics, by route and never by path', async () => {
    await get('/api/v1/products/some-product');
    const metrics = await world.gateway.context.metrics.registry.metrics();
    expect(metrics).toMatch(
      /http_server_request_duration_seconds_count\{[^}]*http_route="\/api\/v1\/products\/\{id\}"/,
    );
    expect(metrics).not.toContain('some-product');
    expect(metrics).toContain('souk_gateway_breaker_open{upstream="product-service"');
  });
});

describe('the gateway with a collector of spans', () => {
  it('continues the trace of the caller with its own span', async () => {
    const traced = await startGatewayWorld({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' } });
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01` };
    expect((await fetch(`${traced.url}/api/v1/products`, { headers })).status).toBe(200);
    expect(traced.products.seen[0]?.headers.traceparent).toMatch(new RegExp(`^00-${trace}-(?!b7ad6b7169203331)`));
    const refused = await fetch(`${traced.url}/api/v1/orders`, { headers });
    expect(await refused.json()).toMatchObject({ status: 401, traceId: trace });
    await traced.stop();
  });
});

describe('a write whose connection breaks', () => {
  it('is not made twice for the sake of a key that the service does not keep', async () => {
    world.orders.answerWith((request) => request.socket.resetAndDestroy());
    const cancel = '/api/v1/orders/0198f000-0000-7000-8000-000000000001/cancel';
    for (const [path, calls] of [
      [cancel, 1],
      ['/api/v1/orders', 2],
    ] as const) {
      world.orders.seen.length = 0;
      const headers = { ...(await bearer()), 'idempotency-key': 'k', 'content-type': 'application/json' };
      const answer = await fetch(world.url + path, { method: 'POST', body: '{}', headers });
      expect(answer.status).toBe(502);
      expect(world.orders.seen.length).toBe(calls);
    }
  });
});

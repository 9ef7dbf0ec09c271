import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayWorld, startGatewayWorld } from '../test/gateway-world.ts';
import { rawGet, rawRequest } from '../test/raw-request.ts';

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld({ env: { CORS_ORIGINS: 'https://shop.example' } });
});
afterAll(() => world.stop());
beforeEach(() => {
  world.products.seen.length = 0;
  world.orders.seen.length = 0;
});

const raw = (bytes: string) => rawRequest(world.url, bytes);

describe('a path that means another one', () => {
  it.each([
    '/api/v1/products/..%2f..%2finternal/products',
    '/api/v1/products/%2e%2e/%2e%2e/internal',
    '/api/v1/products/..%5c..%5cinternal',
    '/api/v1/products/..\\internal',
    '/api/v1/products/%252e%252e/internal',
    '/api/v1/products/../../../internal/products',
    '/api/v1/products/./x',
    '/api/v1/products//x',
    '//api/v1/products',
    '/api/v1/products;x=1',
    '/api/v1/products/x%00',
    '/api/v1/products/%c0%ae%c0%ae/internal',
    '/api/v1/products/%2',
    '/api/v1/products%3fx=1',
    '/api/v1/products#fragment',
    '/media/..%2f..%2fetc/passwd',
    '/media/../internal/products',
    '/media/a/b/c.svg',
    '/API/v1/products',
    '/api/v1/PRODUCTS',
    '/api/v1/products/',
    '/api/internal/products',
    '/api//v1/products',
    '/api/v1',
    '/api/v2/products',
    '/%69nternal/products',
  ])('%s reaches no service', async (target) => {
    const answer = await raw(rawGet(target));
    expect([400, 404]).toContain(answer.status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(world.products.seen).toEqual([]);
    expect(world.orders.seen).toEqual([]);
  });

  it('with overlong or broken bytes is 400', async () => {
    const bytes = Buffer.concat([
      Buffer.from('GET /api/v1/products/'),
      Buffer.from([0xc0, 0xae]),
      Buffer.from(' HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n'),
    ]);
    expect((await rawRequest(world.url, bytes)).status).toBe(400);
    expect(world.products.seen).toEqual([]);
  });

  it('a parameter with other characters goes to its own service only, undecoded', async () => {
    expect((await raw(rawGet('/api/v1/products/%C3%A4%20b?x=%2F..%2F'))).status).toBe(200);
    expect(world.products.seen[0]?.target).toBe('/api/v1/products/%C3%A4%20b?x=%2F..%2F');
  });
});

describe('a request that two parsers would read in two ways', () => {
  it('with Content-Length and Transfer-Encoding is 400', async () => {
    const answer = await raw(
      'POST /api/v1/users HTTP/1.1\r\nHost: gateway\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect(answer.status).toBe(400);
  });

  it('with two Host fields, or one that is no authority, is 400', async () => {
    expect((await raw(rawGet('/api/v1/products', ['Host: gateway', 'Host: internal']))).status).toBe(400);
    for (const host of ['a b', 'user@gateway', 'gateway/path', 'gateway:port', '[::1']) {
      expect((await raw(rawGet('/api/v1/products', [`Host: ${host}`]))).status).toBe(400);
    }
    expect((await raw(rawGet('/api/v1/products', ['Host: any.example:8080']))).status).toBe(200);
    expect((await raw(rawGet('/api/v1/products', []))).status).toBe(400);
  });

  it('in absolute form is served for its own Host and misdirected for another', async () => {
    expect((await raw(rawGet('http://gateway/api/v1/products'))).status).toBe(200);
    expect(world.products.seen[0]?.target).toBe('/api/v1/products');
    const answer = await raw(rawGet('http://user-service:3001/internal/revocations'));
    expect(answer.status).toBe(421);
    expect(JSON.parse(answer.body)).toMatchObject({ type: '/problems/misdirected' });
    expect((await raw(rawGet('http://gateway/internal/products'))).status).toBe(404);
  });

  it('with two Authorization fields is 401', async () => {
    const token = await world.identity.token();
    const fields = ['Host: gateway', `Authorization: Bearer ${token}`, 'Authorization: Bearer other'];
    expect((await raw(rawGet('/api/v1/orders', fields))).status).toBe(401);
    expect(world.orders.seen).toEqual([]);
  });

  it('with two Idempotency-Key fields reaches the service with both, which refuses it', async () => {
    const token = await world.identity.token();
    const fields = ['Host: gateway', `Authorization: Bearer ${token}`, 'Idempotency-Key: a', 'Idempotency-Key: b'];
    await raw(`${rawGet('/api/v1/orders', fields).replace('GET', 'POST')}`);
    expect(world.orders.seen[0]?.rawHeaders.filter((name) => name === 'idempotency-key').length).toBe(2);
  });

  it('with a field that its Connection field names does not pass it on', async () => {
    await raw(
      'GET /api/v1/products HTTP/1.1\r\nHost: gateway\r\nAccept-Language: de\r\nConnection: close, accept-language\r\n\r\n',
    );
    expect(world.products.seen[0]?.headers).not.toHaveProperty('accept-language');
  });
});

describe('a method that the platform does not have', () => {
  it.each(['TRACE', 'CONNECT', 'TRACK', 'MADEUP', 'get', 'PROPFIND'])(
    '%s is refused and says what is allowed',
    async (method) => {
      const target = method === 'CONNECT' ? 'gateway:80' : '/api/v1/products';
      const answer = await raw(`${method} ${target} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n`);
      expect([405, 501]).toContain(answer.status);
      expect(answer.headers.allow).toContain('GET');
      expect(world.products.seen).toEqual([]);
    },
  );

  it('is not taken from an override field', async () => {
    await raw(rawGet('/api/v1/products', ['Host: gateway', 'X-HTTP-Method-Override: DELETE', 'X-Method: DELETE']));
    expect(world.products.seen[0]?.method).toBe('GET');
  });

  it('OPTIONS says what is allowed', async () => {
    const answer = await raw(`${rawGet('/api/v1/orders/1/cancel').replace('GET', 'OPTIONS')}`);
    expect(answer.status).toBe(204);
    expect(answer.headers.allow).toBe('POST, OPTIONS');
  });
});

describe('a request that is too much', () => {
  it('for pages that its client does not read is given up at the deadline', async () => {
    const givenUp = async () => {
      const metrics = await world.gateway.context.metrics.registry.metrics();
      return [...metrics.matchAll(/_count\{.*"499".*\} (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const before = await givenUp();
    const { hostname, port } = new URL(world.url);
    const socket = connect({ host: hostname, port: Number(port) }).pause();
    socket.on('error', () => undefined);
    // More than the buffers between the two take.
    socket.write('GET /openapi.json HTTP/1.1\r\nHost: gateway\r\n\r\n'.repeat(30));
    await expect.poll(givenUp, { timeout: 60_000, interval: 500 }).toBeGreaterThan(before);
    socket.destroy();
  }, 90_000);

  it('with more than 16 KB of fields, or more than 100, is 431', async () => {
    expect((await raw(rawGet('/api/v1/products', ['Host: gateway', `X-Filler: ${'x'.repeat(17_000)}`]))).status).toBe(
      431,
    );
    const many = Array.from({ length: 101 }, (_, index) => `X-Field-${index}: 1`);
    const answer = await raw(rawGet('/api/v1/products', ['Host: gateway', ...many]));
    expect(answer.status).toBe(431);
    expect(world.products.seen).toEqual([]);
  });

  it('with a length over the limit is 413, before any byte of it and before the path is looked up', async () => {
    const answer = await raw('POST /nowhere HTTP/1.1\r\nHost: gateway\r\nContent-Length: 102401\r\n\r\n');
    expect(answer.status).toBe(413);
  });

  it('with less body than it promised is not passed on', async () => {
    const half = 'POST /api/v1/products HTTP/1.1\r\nHost: gateway\r\nContent-Length: 50\r\n\r\n{"half":';
    await rawRequest(world.url, half, 300);
    expect(world.products.seen).toEqual([]);
  });

  it('with a compressed body reaches the service as it is, which refuses it unread', async () => {
    const token = await world.identity.token();
    const head = `POST /api/v1/orders HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${token}\r\n`;
    await raw(`${head}Content-Encoding: gzip\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc`);
    expect(world.orders.seen[0]).toMatchObject({ body: 'abc' });
    expect(world.orders.seen[0]?.headers['content-encoding']).toBe('gzip');
  });
});

describe('a page of another origin', () => {
  const preflight = (origin: string, method: string) =>
    fetch(`${world.url}/api/v1/orders`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method },
    });

  it('on the list may call and read the fields it needs', async () => {
    const answer = await preflight('https://shop.example', 'POST');
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(answer.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    const read = await fetch(`${world.url}/api/v1/products`, { headers: { origin: 'https://shop.example' } });
    expect(read.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(read.headers.get('access-control-expose-headers')).toContain('ETag');
    expect(read.headers.get('vary')).toBe('Origin');
  });

  it.each(['null', 'https://evil.example', 'https://shop.example.evil', 'http://shop.example', 'https://SHOP.example'])(
    '%s gets no CORS fields',
    async (origin) => {
      for (const answer of [
        await preflight(origin, 'POST'),
        await fetch(`${world.url}/api/v1/products`, { headers: { origin } }),
      ]) {
        expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      }
    },
  );

  it('that asks for an odd method gets no permission for it', async () => {
    const answer = await preflight('https://shop.example', 'TRACE');
    expect(answer.headers.get('access-control-allow-methods')).toBeNull();
  });
});

describe('after all that', () => {
  it('the gateway still answers, and leaves no connection to a service behind', async () => {
    expect((await fetch(`${world.url}/api/v1/products`)).status).toBe(200);
    await expect.poll(() => world.products.sockets.size).toBeLessThanOrEqual(4);
  });
});

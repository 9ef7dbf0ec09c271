import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayWorld, startGatewayWorld } from '../../test/gateway-world.ts';
import { startUpstreamServer } from '../../test/upstream-server.ts';

let world: GatewayWorld;
let authorization: string;
beforeEach(async () => {
  world = await startGatewayWorld();
  authorization = `Bearer ${await world.identity.token()}`;
});
afterEach(() => world.stop());

const get = (path: string, init: RequestInit = {}) => fetch(world.url + path, init);
const order = (headers: Record<string, string> = {}) =>
  get('/api/v1/orders', { method: 'POST', body: '{}', headers: { authorization, ...headers } });
const slugOf = async (answer: Response) => ((await answer.json()) as { type: string }).type;

describe('a service that does not answer', () => {
  it('gives 504 at the deadline, and its call is given up', async () => {
    world.products.answerWith(() => {});
    const startedMs = Date.now();
    const answer = await get('/api/v1/products');
    expect(Date.now() - startedMs).toBeGreaterThan(9_500);
    expect(Date.now() - startedMs).toBeLessThan(20_000);
    expect(answer.status).toBe(504);
    expect(await slugOf(answer)).toBe('/problems/upstream-timeout');
    await expect.poll(() => world.products.seen[0]?.aborted).toBe(true);
  });

  it('loses its client at the deadline when it stops within its answer', async () => {
    world.products.answerWith((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
    });
    const answer = await get('/api/v1/products');
    const startedMs = Date.now();
    await expect(answer.text()).rejects.toThrow();
    expect(Date.now() - startedMs).toBeLessThan(20_000);
  });

  it('is given up when the client leaves', async () => {
    world.products.answerWith(() => {});
    const abort = new AbortController();
    const answer = get('/api/v1/products', { signal: abort.signal });
    await expect.poll(() => world.products.seen.length).toBe(1);
    abort.abort();
    await expect(answer).rejects.toThrow();
    await expect.poll(() => world.products.seen[0]?.aborted).toBe(true);
  });
});

describe('a service whose connection breaks', () => {
  /** The first `count` requests meet a connection that is reset instead of answered. */
  function resetFirst(server: GatewayWorld['products'], count: number): void {
    server.answerWith((request, response) => {
      if (server.seen.length <= count) request.socket.resetAndDestroy();
      else response.end('{}');
    });
  }

  it('is asked once more by GET', async () => {
    resetFirst(world.products, 1);
    expect((await get('/api/v1/products')).status).toBe(200);
    expect(world.products.seen.length).toBe(2);
  });

  it('is not asked a third time', async () => {
    resetFirst(world.products, 2);
    const answer = await get('/api/v1/products');
    expect(answer.status).toBe(502);
    expect(await slugOf(answer)).toBe('/problems/bad-gateway');
    expect(world.products.seen.length).toBe(2);
  });

  it('is asked again by POST only with an Idempotency-Key', async () => {
    resetFirst(world.orders, 1);
    expect((await order()).status).toBe(502);
    world.orders.seen.length = 0;
    expect((await order({ 'idempotency-key': 'k' })).status).toBe(200);
    expect(world.orders.seen.map((seen) => seen.body)).toEqual(['{}', '{}']);
  });

  it('breaks the client’s answer too when it dies within its own', async () => {
    world.products.answerWith((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setTimeout(() => request.socket.resetAndDestroy(), 20);
    });
    await expect(get('/api/v1/products').then((answer) => answer.text())).rejects.toThrow();
  });

  it('gets at most a tenth more calls by retries', async () => {
    world.products.answerWith((request) => void request.socket.resetAndDestroy());
    for (let call = 0; call < 4; call += 1) await get('/api/v1/products');
    // Four calls and their retries, then the breaker is open; the budget begins with ten and grows by a tenth a call.
    expect(world.products.seen.length).toBeLessThanOrEqual(8);
  });
});

describe('a service that is down', () => {
  it('gives 503 with Retry-After at once', async () => {
    const startedMs = Date.now();
    const answer = await get('/api/v1/payments', { headers: { authorization } });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    // Well before the deadline of ten seconds.
    expect(Date.now() - startedMs).toBeLessThan(8_000);
  });

  it('is not called while the breaker is open, and called again after its return', async () => {
    const port = Number(new URL(world.products.url).port);
    await world.products.close();
    for (let call = 0; call < 10; call += 1) expect((await get('/api/v1/products')).status).toBe(503);
    const answer = await get('/api/v1/products');
    expect(await slugOf(answer)).toBe('/problems/unavailable');
    expect((await get('/health')).status).toBe(200);
    expect((await get('/api/v1/orders', { headers: { authorization } })).status).toBe(200);
    world.products = await startUpstreamServer(port);
    await expect.poll(async () => (await get('/api/v1/products')).status, { timeout: 20_000, interval: 100 }).toBe(200);
  });

  it('does not count what the service itself answers', async () => {
    world.products.answerWith((_request, response) => response.writeHead(503, { 'retry-after': '7' }).end('{}'));
    for (let call = 0; call < 20; call += 1) {
      const answer = await get('/api/v1/products');
      expect(answer.headers.get('retry-after')).toBe('7');
    }
    expect(world.products.seen.length).toBe(20);
  });
});

describe('a stream of events', () => {
  it('passes event by event, has no deadline and ends with its client', async () => {
    world.orders.answerWith((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let id = 0;
      const timer = setInterval(() => {
        id += 1;
        response.write(`id: ${id}\n\n`);
      }, 500);
      response.on('close', () => clearInterval(timer));
    });
    const abort = new AbortController();
    const answer = await get('/api/v1/orders/1/events', {
      headers: { authorization, accept: 'text/event-stream', 'last-event-id': '0' },
      signal: abort.signal,
    });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const startedMs = Date.now();
    let received = '';
    while (Date.now() - startedMs < 11_500) {
      const { done, value } = await reader.read();
      expect(done).toBe(false);
      received += new TextDecoder().decode(value);
    }
    const ids = [...received.matchAll(/id: (\d+)/g)].map((match) => Number(match[1]));
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    expect(ids.length).toBeGreaterThan(5);
    abort.abort();
    await expect.poll(() => world.orders.seen[0]?.aborted).toBe(true);
  });
});

describe('more calls at once than a service can take', () => {
  it('are refused at once with Retry-After, and health stays green', async () => {
    const held: (() => void)[] = [];
    world.products.answerWith((_request, response) => void held.push(() => response.end('{}')));
    const admitted = Array.from({ length: 256 }, async () => (await get('/api/v1/products')).status);
    await expect.poll(() => world.products.seen.length, { timeout: 20_000 }).toBe(256);
    for (let call = 0; call < 20; call += 1) {
      // While every place is taken: it waits for none.
      const answer = await get('/api/v1/products');
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect((await get('/health')).status).toBe(200);
    expect((await get('/api/v1/orders', { headers: { authorization } })).status).toBe(200);
    for (const release of held) release();
    expect(new Set(await Promise.all(admitted))).toEqual(new Set([200]));
  });
});

describe('a gateway that is told to stop', () => {
  it('finishes what is in flight, closes its connections and takes nothing new', async () => {
    world.products.answerWith((_request, response) => void setTimeout(() => response.end('{"late":true}'), 600));
    const inFlight = get('/api/v1/products');
    await expect.poll(() => world.products.seen.length).toBe(1);
    const stopped = world.gateway.stop();
    const answer = await inFlight;
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ late: true });
    await stopped;
    await expect(get('/health')).rejects.toThrow();
    await expect.poll(() => world.products.sockets.size).toBe(0);
  });

  it('does not wait for streams that never end', async () => {
    const patient = await startGatewayWorld({ env: { SHUTDOWN_GRACE_MS: '60000' } });
    const bearer = { authorization: `Bearer ${await patient.identity.token()}` };
    patient.orders.answerWith((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
    });
    const request = httpRequest(`${patient.url}/api/v1/orders/1/events`, {
      headers: { ...bearer, accept: 'text/event-stream' },
    });
    request.on('error', () => {});
    request.end();
    const [answer] = (await once(request, 'response')) as [NodeJS.ReadableStream];
    const ended = once(answer, 'end');
    answer.resume();
    const startedMs = Date.now();
    await patient.gateway.stop();
    await ended;
    expect(Date.now() - startedMs).toBeLessThan(15_000);
    await patient.stop();
  });
});

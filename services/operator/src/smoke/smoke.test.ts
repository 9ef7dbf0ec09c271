import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { runSmokeTest, SmokeError } from './smoke.ts';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

interface StandIn {
  available?: number;
  refuse?: string;
}

/** As much of a gateway as the test asks for; an order is paid for and cancelled at the second look. */
async function aGateway({ available = 3, refuse }: StandIn = {}): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  let looks = 0;
  let wanted = 'completed';
  server = createServer((request, response) => {
    const { method, url = '' } = request;
    const key = `${method} ${url.split('?')[0]}`;
    asked.push(key);
    if (key.endsWith('/cancel')) {
      looks = 0;
      wanted = 'cancelled';
    }
    if (key === 'GET /api/v1/orders/o1') looks += 1;
    const status = looks > 1 ? wanted : 'pending';
    const answers: Record<string, unknown> = {
      'POST /api/v1/users': { id: 'u1' },
      'POST /api/v1/users/login': { accessToken: 'token' },
      'GET /api/v1/products': {
        items: [
          { id: 'p0', available: 0 },
          { id: 'p1', available },
        ],
      },
      'POST /api/v1/orders': { id: 'o1', status: 'pending', version: 1 },
      'GET /api/v1/orders/o1': { id: 'o1', status, version: 2 },
    };
    request.resume().on('end', () => {
      if (key === refuse) response.writeHead(503).end('{"type":"/problems/unavailable"}');
      else if (answers[key] === undefined) response.writeHead(200).end();
      else response.writeHead(200).end(JSON.stringify(answers[key]));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', () => resolve()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function smoke(gateway: StandIn): Promise<{ said: string[]; asked: string[]; error: unknown }> {
  const { asked, url } = await aGateway(gateway);
  const said: string[] = [];
  const error = await runSmokeTest({ shopUrl: url, say: (line) => said.push(line) }).catch((reason: unknown) => reason);
  return { said, asked, error };
}

describe('The smoke test of a shop', () => {
  it('buys what there is, waits for the payment, and takes the order back', async () => {
    const { asked, error, said } = await smoke({});
    expect(error).toBeUndefined();
    expect(said).toEqual([
      'Registered and logged in',
      'Placed order o1',
      'The order is paid for',
      'The order is cancelled',
    ]);
    expect(asked.slice(0, 4)).toEqual([
      'POST /api/v1/users',
      'POST /api/v1/users/login',
      'GET /api/v1/products',
      'POST /api/v1/orders',
    ]);
    expect(asked).toContain('POST /api/v1/orders/o1/cancel');
  });

  it('only looks where there is nothing to buy', async () => {
    const { asked, said } = await smoke({ available: 0 });
    expect(said.at(-1)).toBe('The catalogue shows 2 products and none to buy: no order was placed');
    expect(asked).not.toContain('POST /api/v1/orders');
  });

  it('says what was answered where the shop fails', async () => {
    const { error } = await smoke({ refuse: 'POST /api/v1/orders' });
    expect(error).toBeInstanceOf(SmokeError);
    expect(String(error)).toContain('/api/v1/orders was answered with 503: {"type":"/problems/unavailable"}');
  });
});

import { Refusal } from '@souk/contracts';
import { type Caller, createHttpApp } from '@souk/http';
import { createInProcessBroker } from '@souk/messaging';
import { createHealth, createMetrics, type Pool } from '@souk/service-runtime';
import { silentLogger } from '@souk/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { anAddress, NOW, ORDER_ID, PRODUCT_ID, USER_ID } from '../../test/builders.ts';
import { anUnusedStockClient } from '../../test/order-world.ts';
import { createRoutes, ORDER_SERVICE, openApi } from '../app.ts';
import { createOrderMetrics } from './order-metrics.ts';

/*
 * What is refused before anything is looked up: there is no database here, and touching it would answer 500.
 */
const logger = silentLogger();
const metrics = createMetrics({ service: ORDER_SERVICE, processMetrics: false });
const health = createHealth();
const clock = { now: () => NOW };
const broker = createInProcessBroker({ retryDelaysMs: [0], logger });
const pool = {} as Pool;
const untouched = () => Promise.reject(new TypeError('touched'));
afterAll(async () => {
  health.stop();
  await broker.close();
});

const callerOf = (roles: Caller['roles']): Caller => ({
  userId: USER_ID,
  sessionId: ORDER_ID,
  roles,
  email: 'ada@souk.example',
  tokenId: ORDER_ID,
  expiresAt: new Date(NOW.getTime() + 600_000),
});

const app = createHttpApp({
  service: ORDER_SERVICE,
  routes: createRoutes({
    orders: {
      ...{ pool, clock, logger, newId: () => ORDER_ID, stock: anUnusedStockClient },
      metrics: createOrderMetrics(metrics),
      timings: { sagaRedriveAfterMs: 1, stockSettleDelayMs: 1 },
      committed: () => {},
      stockIsDue: () => {},
    },
    carts: {
      ...{ list: untouched, put: untouched, remove: untouched, clear: untouched },
      ...{ readForOrder: untouched, empty: untouched },
    },
    catalog: { findProducts: untouched },
    hub: { name: 'hub', start() {}, stop: () => Promise.resolve(), open: untouched, notify() {} },
    currency: 'EUR',
    cursorSecret: 'c'.repeat(32),
    operations: { service: ORDER_SERVICE, pool, broker, logger, cursorSecret: 'c'.repeat(32) },
  }),
  context: { logger, metrics, health, clock },
  authenticator: {
    verify: (token) => {
      if (token === 'admin') return Promise.resolve(callerOf(['customer', 'admin']));
      return token === 'customer'
        ? Promise.resolve(callerOf(['customer']))
        : Promise.reject(new Refusal('unauthorized', 'Expected a valid access token'));
    },
  },
  internalSecret: 's'.repeat(32),
  openApi,
});

interface Asked {
  token?: string;
  body?: string;
  headers?: Record<string, string>;
}

async function ask(method: string, path: string, { token, body, headers = {} }: Asked = {}) {
  const response = await app.request(path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const problem = (await response.json()) as { type: string; instance: string; errors?: { pointer: string }[] };
  const slug = `${response.status} ${problem.type.replace('/problems/', '')}`;
  return { slug, problem, pointers: problem.errors?.map(({ pointer }) => pointer), headers: response.headers };
}

const ROUTES: [string, string][] = [
  ['GET', '/api/v1/cart'],
  ['DELETE', '/api/v1/cart'],
  ['PUT', `/api/v1/cart/items/${PRODUCT_ID}`],
  ['DELETE', `/api/v1/cart/items/${PRODUCT_ID}`],
  ['POST', '/api/v1/orders'],
  ['GET', '/api/v1/orders'],
  ['GET', `/api/v1/orders/${ORDER_ID}`],
  ['PATCH', `/api/v1/orders/${ORDER_ID}`],
  ['GET', `/api/v1/orders/${ORDER_ID}/events`],
  ['POST', `/api/v1/orders/${ORDER_ID}/cancel`],
  ['POST', `/api/v1/orders/${ORDER_ID}/ship`],
  ['POST', `/api/v1/orders/${ORDER_ID}/deliver`],
  ['GET', `/internal/orders/${ORDER_ID}`],
  ['GET', '/api/v1/operations/order-service/dead-letters'],
];

describe('every route', () => {
  it.each(ROUTES)('%s %s answers 401 to nobody and to a token that is no good', async (method, path) => {
    for (const token of [undefined, 'stolen']) {
      const { slug, headers } = await ask(method, path, token === undefined ? {} : { token });
      expect(slug).toBe('401 unauthorized');
      expect(headers.get('www-authenticate')).toContain('Bearer');
    }
  });

  it.each(ROUTES.filter(([, path]) => /ship|deliver|operations/.test(path)))(
    '%s %s answers 403 to a customer',
    async (method, path) => {
      expect((await ask(method, path, { token: 'customer' })).slug).toBe('403 forbidden');
    },
  );
});

describe('POST /api/v1/orders', () => {
  const headers = { 'idempotency-key': 'k1' };
  const post = (body: string, given: Record<string, string> = headers) =>
    ask('POST', '/api/v1/orders', { token: 'customer', body, headers: given });
  const withItems = (items: unknown) => JSON.stringify({ items, shippingAddress: anAddress() });

  it('asks for the key before it reads the body', async () => {
    expect((await post('{', {})).slug).toBe('400 idempotency-key-missing');
    expect((await post('{')).slug).toBe('400 malformed');
  });

  it('points at each broken field', async () => {
    const lines = [
      { productId: PRODUCT_ID, quantity: 0 },
      { productId: 'x', quantity: 1 },
      { productId: ORDER_ID, quantity: 1, price: 1 },
    ];
    expect((await post(withItems(lines))).pointers).toEqual([
      '/items/0/quantity',
      '/items/1/productId',
      '/items/2/price',
    ]);
    expect((await post('{}')).pointers).toEqual(['/shippingAddress']);
  });

  it('refuses a list of more than 100 lines and bodies that are no object', async () => {
    const line = { productId: PRODUCT_ID, quantity: 1 };
    expect((await post(withItems(Array.from({ length: 101 }, () => line)))).slug).toBe('422 validation');
    for (const body of ['null', '[]', '"x"', '1']) expect((await post(body)).slug).toBe('422 validation');
  });
});

describe('lists', () => {
  it('of others are for administrators', async () => {
    // Also where another parameter is broken: the role comes before the schema.
    for (const query of ['scope=all', `userId=${USER_ID}`, 'userId=x', 'scope=all&limit=0', 'page=1&%73cope=all'])
      expect((await ask('GET', `/api/v1/orders?${query}`, { token: 'customer' })).slug).toBe('403 forbidden');
  });

  it('refuse unknown and repeated parameters and statuses', async () => {
    for (const query of ['page=1', 'status=open', 'limit=1&limit=2', 'scope=own', 'userId=1'])
      expect((await ask('GET', `/api/v1/orders?${query}`, { token: 'admin' })).slug).toBe('422 validation');
  });
});

it('an id in another form names nothing', async () => {
  for (const id of ['1', ORDER_ID.toUpperCase(), `${ORDER_ID}x`])
    expect((await ask('GET', `/api/v1/orders/${id}`, { token: 'customer' })).slug).toBe('404 not-found');
});

it('another method answers 405 with what is allowed', async () => {
  const { slug, headers } = await ask('DELETE', '/api/v1/orders', { token: 'customer' });
  expect([slug, headers.get('allow')]).toEqual(['405 method-not-allowed', 'GET, HEAD, POST']);
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newId } from '@souk/service-runtime';
import { startTestIdentity, type TestIdentity, waitFor } from '@souk/testing';
import { type Harness, startHarness } from './harness.ts';

/** What the order-service of a test says of an order. */
export interface KnownOrder {
  id: string;
  userId: string;
  status?: string;
  paymentMethod?: string | null;
  total?: { amount: number; currency: string };
  reservationExpiresAt?: string;
}

export interface OrderServiceStub {
  url: string;
  orders: Map<string, KnownOrder>;
  isDown: boolean;
  requests: number;
  stop(): Promise<void>;
}

export async function startOrderServiceStub(): Promise<OrderServiceStub> {
  const server = createServer((request, response) => {
    stub.requests += 1;
    const order = stub.orders.get(request.url?.split('/').at(-1) ?? '');
    if (stub.isDown) return response.writeHead(503).end();
    if (order === undefined) {
      const problem = { type: '/problems/not-found', title: 'x', status: 404, detail: 'No order has this id' };
      return response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    }
    const answer = {
      status: 'pending',
      paymentMethod: null,
      total: { amount: 3998, currency: 'EUR' },
      contact: { email: 'ada@souk.example', name: 'Ada', phone: null },
      reservationExpiresAt: new Date(Date.now() + 600_000).toISOString(),
      ...order,
    };
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  const stub: OrderServiceStub = {
    url: '',
    orders: new Map(),
    isDown: false,
    requests: 0,
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

export interface CallOptions {
  token?: string;
  key?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: AnswerBody;
}

/** The fields of answers and problems that tests read; each answer has some of them. */
export interface AnswerBody {
  id: string;
  type: string;
  amount: { amount: number; currency: string };
  items: { id: string; status: string }[];
  total: number;
  nextCursor: string | null;
  errors: { pointer: string }[];
}

/** payment-service behind its API, with its neighbours. */
export interface Api extends Harness {
  identity: TestIdentity;
  orders: OrderServiceStub;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  admin: { userId: string; token: string };
  customer: { userId: string; token: string };
}

export async function startApi(env: Record<string, string> = {}): Promise<Api> {
  const identity = await startTestIdentity();
  const orders = await startOrderServiceStub();
  const harness = await startHarness({
    USER_SERVICE_URL: identity.url,
    ORDER_SERVICE_URL: orders.url,
    PAYMENT_PROVIDER_TIMEOUT_MS: '15000',
    ...env,
  });
  const admin = newId();
  const customer = newId();
  const call = async (method: string, path: string, { token, key, body, headers }: CallOptions = {}) => {
    const response = await fetch(`${harness.service.url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(key === null || method !== 'POST' ? {} : { 'idempotency-key': key ?? newId() }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson ? JSON.parse(text) : {}) as AnswerBody,
    };
  };
  await waitFor(async () => (await call('GET', '/readyz')).status === 200, { what: 'readiness' });
  return {
    ...harness,
    identity,
    orders,
    call,
    admin: { userId: admin, token: await identity.token({ userId: admin, roles: ['customer', 'admin'] }) },
    customer: { userId: customer, token: await identity.token({ userId: customer }) },
    stop: async () => {
      await harness.stop();
      await identity.stop();
      await orders.stop();
    },
  };
}

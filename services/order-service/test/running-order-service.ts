import { newId } from '@souk/service-runtime';
import {
  createTestDatabase,
  startTestIdentity,
  startTestService,
  type TestDatabase,
  type TestIdentity,
  type TestService,
  waitFor,
} from '@souk/testing';
import { orderService } from '../src/app.ts';
import type { Config } from '../src/config.ts';
import { migrations } from '../src/generated/migrations.ts';
import { anAddress } from './builders.ts';
import { type StandInProductService, startStandInProductService } from './stand-in-product-service.ts';

/** The fields that tests read of any answer; what an answer does not have is undefined. */
export interface AnswerBody extends Record<string, unknown> {
  id: string;
  type: string;
  status: string | number;
  version: number;
  errors: { pointer: string; detail: string }[];
  items: Record<string, unknown>[];
  nextCursor: string | null;
  total: { amount: number; currency: string };
  shippingAddress: unknown;
  cancelReason: string | null;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: AnswerBody;
  text: string;
}

export interface Person {
  userId: string;
  sessionId: string;
  token: string;
  call(method: string, path: string, options?: { body?: unknown; headers?: Record<string, string> }): Promise<Answer>;
  /** POST /orders with a key of its own unless given. */
  order(body?: Record<string, unknown>, key?: string): Promise<Answer>;
}

/** order-service as it runs, on PostgreSQL, beside a stand-in of product-service and the identity part of user-service. */
export interface RunningOrderService {
  database: TestDatabase;
  identity: TestIdentity;
  products: StandInProductService;
  service: TestService<Config>;
  person(options?: { roles?: ('customer' | 'admin')[]; userId?: string; expiresInSeconds?: number }): Promise<Person>;
  /** A new product of the stand-in. */
  product(overrides?: { price?: number; stock?: number }): string;
  rows<T>(sql: string, values?: unknown[]): Promise<T[]>;
  stop(): Promise<void>;
}

export async function startOrderService(env: Record<string, string> = {}): Promise<RunningOrderService> {
  const [database, identity, products] = await Promise.all([
    createTestDatabase(migrations),
    startTestIdentity(),
    startStandInProductService(),
  ]);
  const service = await startTestService(orderService, {
    database,
    env: { USER_SERVICE_URL: identity.url, PRODUCT_SERVICE_URL: products.url, ...env },
  });
  // Ready once keys and revocations are there.
  await waitFor(async () => (await fetch(`${service.url}/readyz`)).status === 200, { timeoutMs: 20_000 });
  return {
    database,
    identity,
    products,
    service,
    async person({ roles = ['customer' as const], userId = newId(), expiresInSeconds = 600 } = {}) {
      const sessionId = newId();
      const token = await identity.token({ userId, sessionId, roles, email: 'ada@souk.example', expiresInSeconds });
      return toPerson(service.url, { userId, sessionId, token });
    },
    product({ price = 1299, stock = 1_000 } = {}) {
      const id = newId();
      products.products.set(id, { sku: `SKU-${products.products.size}`, name: 'Mountain tea', price, stock });
      return id;
    },
    rows: async <T>(sql: string, values: unknown[] = []) => (await database.pool.query(sql, values)).rows as T[],
    stop: async () => {
      await service.stop();
      await Promise.all([identity.stop(), products.stop()]);
      await database.drop();
    },
  };
}

function toPerson(url: string, who: { userId: string; sessionId: string; token: string }): Person {
  const call: Person['call'] = async (method, path, { body, headers = {} } = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${who.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as AnswerBody,
      text,
    };
  };
  return {
    ...who,
    call,
    order: (body = {}, key = newId()) =>
      call('POST', '/api/v1/orders', {
        body: { shippingAddress: anAddress(), paymentMethod: 'tok_ok', ...body },
        headers: { 'idempotency-key': key },
      }),
  };
}

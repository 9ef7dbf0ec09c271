import {
  createTestDatabase,
  issueServiceToken,
  startTestIdentity,
  startTestService,
  TEST_INTERNAL_SECRET,
  type TestContextOptions,
  type TestDatabase,
  type TestIdentity,
  waitFor,
} from '@souk/testing';
import { productService } from '../src/app.ts';
import { migrations } from '../src/generated/migrations.ts';
import { seedCatalog } from '../src/seed/seed-catalog.ts';

export interface Answer<T = Record<string, unknown>> {
  status: number;
  body: T;
  headers: Headers;
}

export interface CallOptions {
  as?: 'admin' | 'customer' | 'service' | undefined;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface RunningProductService {
  url: string;
  database: TestDatabase;
  identity: TestIdentity;
  call<T = Record<string, unknown>>(method: string, path: string, options?: CallOptions): Promise<Answer<T>>;
  /** Another replica on the same database, and the same key-value store where one is given. */
  startReplica(options?: TestContextOptions): Promise<RunningProductService>;
  stop(): Promise<void>;
}

/** product-service on a free port over a database of its own, with tokens for every role. */
export async function runProductService(
  options: TestContextOptions & { seeded?: boolean } = {},
): Promise<RunningProductService> {
  const database = options.database ?? (await createTestDatabase(migrations));
  const owned = options.database === undefined;
  const identity = await startTestIdentity();
  const { seeded, ...contextOptions } = options;
  if (seeded === true) await seedCatalog({ pool: database.pool, logger: { info() {} }, currency: 'EUR' });
  const service = await startTestService(productService, {
    ...contextOptions,
    database,
    env: { USER_SERVICE_URL: identity.url, ...options.env },
  });
  const tokens = {
    admin: await identity.token({ roles: ['customer', 'admin'] }),
    customer: await identity.token({ roles: ['customer'] }),
    service: await issueServiceToken({ from: 'order-service', to: 'product-service', secret: TEST_INTERNAL_SECRET }),
  };
  await waitFor(async () => (await fetch(`${service.url}/readyz`)).ok, { what: 'Readiness' });

  return {
    url: service.url,
    database,
    identity,
    startReplica: (more = {}) => runProductService({ ...more, database }),
    async call<T>(method: string, path: string, { as, body, headers }: CallOptions = {}): Promise<Answer<T>> {
      const response = await fetch(service.url + path, {
        method,
        headers: {
          ...(as === undefined ? {} : { authorization: `Bearer ${tokens[as]}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as T };
    },
    stop: async () => {
      await service.stop();
      await identity.stop();
      if (owned) await database.drop();
    },
  };
}

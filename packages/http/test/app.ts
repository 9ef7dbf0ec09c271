import { Refusal } from '@souk/contracts';
import { createMetrics, type Health } from '@souk/service-runtime';
import { z } from 'zod';
import {
  type Caller,
  createHttpApp,
  defineRoute,
  type HttpApp,
  type HttpAppOptions,
  type RouteDefinition,
  reply,
  requireVersion,
} from '../src/index.ts';

export const SECRET = 'test-secret-of-at-least-32-bytes!';

export const silentLogger = {
  info() {},
  warn() {},
  error() {},
  debug() {},
  isLevelEnabled: () => false,
} as never;

export function aHealth(overrides: Partial<Health> = {}): Health {
  const health = {
    addCheck() {},
    live: () => true,
    draining: false,
    readiness: async () => ({ ready: true, checks: {} }),
  };
  return { ...health, ...overrides };
}

/** `customer` and `admin` are the tokens of two callers; every other one is no good. */
export const authenticator = {
  async verify(token: string): Promise<Caller> {
    if (token !== 'customer' && token !== 'admin') throw new Refusal('unauthorized', 'Expected a valid access token');
    const roles: Caller['roles'] = token === 'admin' ? ['customer', 'admin'] : ['customer'];
    return {
      userId: token,
      sessionId: 's',
      roles,
      email: `${token}@souk.example`,
      tokenId: 't',
      expiresAt: new Date(9e12),
    };
  },
};

export function anApp(routes: readonly RouteDefinition[], options: Partial<HttpAppOptions> = {}): HttpApp {
  const metrics = createMetrics({ service: 'thing-service', processMetrics: false });
  return createHttpApp({
    service: 'thing-service',
    routes,
    context: { logger: silentLogger, metrics, health: aHealth(), clock: { now: () => new Date() } },
    authenticator,
    internalSecret: SECRET,
    openApi: { title: 'Things', description: 'A service of things' },
    ...options,
  });
}

const base = {
  tags: ['things'],
  summary: 'A thing',
  problems: [],
  responses: { 200: { description: 'The thing' } },
} as const;
const version = 3;

/** One route of each kind. */
export const thingRoutes: RouteDefinition[] = [
  defineRoute({
    ...base,
    method: 'GET',
    path: '/api/v1/things',
    access: 'anyone',
    operationId: 'listThings',
    query: z.strictObject({ q: z.string().max(20).optional(), inStock: z.literal('true').optional() }),
    handler: ({ query }) => reply.ok({ query }),
  }),
  defineRoute({
    ...base,
    method: 'GET',
    path: '/api/v1/things/{id}',
    access: 'anyone',
    operationId: 'getThing',
    params: z.strictObject({ id: z.string().regex(/^[a-z]+$/) }),
    handler: ({ params }) => reply.ok({ id: params.id }, { etag: version }),
  }),
  defineRoute({
    ...base,
    method: 'GET',
    path: '/api/v1/things/mine',
    access: 'user',
    operationId: 'getMine',
    handler: ({ caller }) => reply.ok({ mine: caller.userId }),
  }),
  defineRoute({
    ...base,
    method: 'POST',
    path: '/api/v1/things',
    access: 'user',
    operationId: 'makeThing',
    idempotencyKey: true,
    body: z.strictObject({
      name: z.string().min(1).max(10),
      sizes: z.array(z.int()).optional(),
      more: z.unknown().optional(),
    }),
    handler: ({ body, request }) => reply.created('/api/v1/things/a', { body, key: request.idempotencyKey }),
  }),
  defineRoute({
    ...base,
    method: 'PATCH',
    path: '/api/v1/things/{id}',
    access: 'admin',
    operationId: 'changeThing',
    ifMatch: true,
    params: z.strictObject({ id: z.string().regex(/^[a-z]+$/) }),
    body: z.strictObject({ name: z.string().nullish() }),
    bodyOptional: true,
    handler: ({ params, body, request }) => {
      if (params.id === 'missing') throw new Refusal('not-found', 'No such thing');
      requireVersion(request, version);
      if (params.id === 'taken') throw new Refusal('conflict', 'The thing is taken');
      return reply.ok({ ...body });
    },
  }),
  defineRoute({
    ...base,
    method: 'POST',
    path: '/api/v1/things/{id}/deliver',
    access: 'admin',
    operationId: 'deliverThing',
    params: z.strictObject({ id: z.string() }),
    handler: () => reply.noContent(),
  }),
  defineRoute({
    ...base,
    method: 'GET',
    path: '/internal/things',
    access: 'service',
    operationId: 'internalThings',
    handler: ({ caller }) => reply.ok({ caller: caller.service }),
  }),
  defineRoute({
    ...base,
    method: 'POST',
    path: '/api/v1/hooks',
    access: 'anyone',
    operationId: 'hook',
    rawBody: true,
    handler: ({ request }) => reply.ok({ bytes: request.rawBody?.toString('hex') }),
  }),
];

import assert from 'node:assert';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal } from '@souk/contracts';
import type { Clock, Health, Logger, Metrics } from '@souk/service-runtime';
import { Hono } from 'hono';
import type { Authenticator } from './authenticator.ts';
import type { Gatekeepers } from './authorization.ts';
import { replyOf } from './error-reply.ts';
import { HttpRequest, type NodeBindings } from './http-request.ts';
import { toNodeListener } from './node-listener.ts';
import { createOpenApiDocument, type OpenApiDocument, type OpenApiOptions } from './openapi.ts';
import { type Pipeline, runRoute } from './pipeline.ts';
import { createProbes, type Probe } from './probes.ts';
import { RefusalWithHeaders } from './problem.ts';
import type { Reply } from './reply.ts';
import { createRequestMetrics } from './request-metrics.ts';
import { checkAheadOfRouting } from './request-target.ts';
import { toResponse } from './response.ts';
import type { RouteDefinition } from './route.ts';
import { allowOf, groupByPath, toHonoPath } from './routing.ts';
import { createServiceTokenVerifier } from './service-token.ts';

/** Beyond this many requests at once a service answers 503 at once instead of everybody late. */
const IN_FLIGHT_MAX_DEFAULT = 512;
/**
 * With what handlers need asked for three times as often as it can do, who comes now waits three times as long as the first
 * in the queue has: 1.5 s, twice in an order, within the 5 s that a service has. Ordinary peaks stay far below.
 */
const QUEUE_DELAY_MAX_MS = 500;

export interface HttpAppOptions {
  /** The service's name: audience of service tokens, label of metrics. */
  service: string;
  routes: readonly RouteDefinition[];
  context: { logger: Logger; metrics: Metrics; health: Health; clock: Clock };
  /** Needed as soon as one route's access is `user` or `admin`. */
  authenticator?: Pick<Authenticator, 'verify'> | undefined;
  /** Needed as soon as one route's access is `service`; at least 32 bytes. */
  internalSecret?: string | undefined;
  /** How many proxies in front append to X-Forwarded-For; 0 (the default) takes the socket's address. */
  trustedProxyHops?: number;
  /** Serve /health, /livez, /readyz, /metrics and /openapi.json. Default true. */
  probes?: boolean;
  /** Requests at once, `longLived` routes aside; more are refused with 503. Default 512. */
  inFlightMax?: number;
  /** How long the first has waited for what handlers need, a connection to the database. Beyond 500 ms nobody new is let in. */
  queueDelayMs?: () => number;
  openApi: OpenApiOptions;
}

export interface HttpApp {
  /** For node-server: `env` carries node's `incoming` and `outgoing`. */
  fetch(request: Request, env?: object): Response | Promise<Response>;
  /** For tests: one request without a server. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** For `node:http`. */
  listener(request: IncomingMessage, response: ServerResponse): void;
  openApiDocument(): OpenApiDocument;
}

/** How Hono's handlers come by the request that `fetch` has begun. */
interface Bindings extends NodeBindings {
  request: HttpRequest;
}
type Env = { Bindings: Bindings };

/** Builds the application of a service: its routes behind the whole pipeline, and its probes. Listens to nothing. */
export function createHttpApp(options: HttpAppOptions): HttpApp {
  const { service, routes, openApi, trustedProxyHops = 0, inFlightMax = IN_FLIGHT_MAX_DEFAULT } = options;
  const { logger, metrics, health } = options.context;
  let document: OpenApiDocument | undefined;
  const openApiDocument = () => (document ??= createOpenApiDocument({ service, routes, openApi }));
  let openApiText: string | undefined;
  const pipeline: Pipeline = {
    gatekeepers: createGatekeepers(options),
    admission: {
      inFlight: 0,
      inFlightMax,
      isQueueLong: () => options.queueDelayMs !== undefined && options.queueDelayMs() > QUEUE_DELAY_MAX_MS,
    },
    logger,
    onFinished: createRequestMetrics(metrics, logger),
    isDraining: () => health.draining,
  };
  const hono = new Hono<Env>();
  addRoutes(hono, routes, pipeline);
  if (options.probes ?? true) {
    const text = () => (openApiText ??= JSON.stringify(openApiDocument()));
    addProbes(hono, createProbes({ health, metrics, openApiText: text }), pipeline);
  }
  hono.notFound((c) => answer(new Refusal('not-found', 'No resource has this path'), c.env.request, pipeline));
  hono.onError((error, c) => answer(error, c.env.request, pipeline));
  const fetch = createFetch(hono, pipeline, trustedProxyHops);
  return {
    fetch,
    request: async (path, init) => await fetch(new Request(new URL(path, 'http://localhost'), init)),
    listener: toNodeListener({ fetch }),
    openApiDocument,
  };
}

function createFetch(hono: Hono<Env>, pipeline: Pipeline, trustedProxyHops: number): HttpApp['fetch'] {
  return (raw, env?: NodeBindings) => {
    const request = new HttpRequest(raw, env, trustedProxyHops);
    const bindings: Bindings = { incoming: env?.incoming, outgoing: env?.outgoing, request };
    const refuse = (error: unknown) => answer(error, request, pipeline);
    try {
      const ahead = checkAheadOfRouting(request);
      return ahead === undefined ? hono.fetch(raw, bindings) : ahead.then(() => hono.fetch(raw, bindings), refuse);
    } catch (error) {
      return refuse(error);
    }
  };
}

function createGatekeepers({ service, routes, authenticator, internalSecret, context }: HttpAppOptions): Gatekeepers {
  const needsUsers = routes.some((route) => route.access === 'user' || route.access === 'admin');
  assert(!needsUsers || authenticator !== undefined, `${service} has routes for users and no authenticator`);
  const needsServices = routes.some((route) => route.access === 'service');
  assert(!needsServices || internalSecret !== undefined, `${service} has routes for services and no internal secret`);
  const now = () => context.clock.now();
  const serviceTokens =
    internalSecret === undefined
      ? undefined
      : createServiceTokenVerifier({ secret: internalSecret, audience: service, now });
  return { authenticator, serviceTokens };
}

function addRoutes(hono: Hono<Env>, routes: readonly RouteDefinition[], pipeline: Pipeline): void {
  for (const group of groupByPath(routes)) {
    const path = toHonoPath(group.path);
    for (const route of group.routes) {
      hono.on(route.method, path, (c) => runRoute(pipeline, { route, request: c.env.request, c }));
    }
    hono.all(path, (c) => answer(methodNotAllowed(group.allow), c.env.request, pipeline));
  }
}

function addProbes(hono: Hono<Env>, probes: Record<string, Probe>, pipeline: Pipeline): void {
  for (const [path, probe] of Object.entries(probes)) {
    hono.get(path, async (c) => respond(await probe(c.env.request), c.env.request, pipeline));
    hono.all(path, (c) => answer(methodNotAllowed(allowOf(['GET'])), c.env.request, pipeline));
  }
}

function methodNotAllowed(allow: string): Refusal {
  return new RefusalWithHeaders('method-not-allowed', `Expected one of ${allow}`, { headers: { allow } });
}

/** Answers an error outside of any route, and counts it. */
function answer(error: unknown, request: HttpRequest, pipeline: Pipeline): Response {
  const response = respond(replyOf(error, request, pipeline.logger), request, pipeline);
  pipeline.onFinished({ request, route: undefined, status: response.status, startedMs: performance.now() });
  return response;
}

function respond(given: Reply, request: HttpRequest, pipeline: Pipeline): Response {
  return toResponse(given, { request, route: undefined, draining: pipeline.isDraining() });
}

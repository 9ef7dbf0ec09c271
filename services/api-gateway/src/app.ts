import { createAuthenticator, createHttpApp, type OpenApiDocument } from '@souk/http';
import type { ServiceApp, ServiceContext, ServiceDefinition, Worker } from '@souk/service-runtime';
import openApiDocument from '../openapi.json' with { type: 'json' };
import { type GatewayConfig, gatewaySettings } from './config.ts';
import { createGateway } from './gateway.ts';
import { createLeasedRateLimiter } from './limits/leased-rate-limiter.ts';
import { createPages } from './pages/pages.ts';
import { createUpstream, type Upstream } from './relay/upstream.ts';
import { createAccessLog } from './request/access-log.ts';
import { createCors } from './request/cors.ts';
import { ROUTES, type Upstream as UpstreamName } from './routes.ts';
import { createRouteTable } from './routing/route-table.ts';

/** The only public door of the platform. */
export const apiGateway: ServiceDefinition<GatewayConfig> = {
  name: 'api-gateway',
  settings: gatewaySettings,
  needs: { keyValue: true },
  createApp,
};

function createApp(context: ServiceContext<GatewayConfig>): ServiceApp {
  const { config, logger, metrics, clock, health, keyValue, name } = context;
  const authenticator = createAuthenticator({
    userServiceUrl: config.userServiceUrl,
    issuer: config.jwtIssuer,
    audience: config.jwtAudience,
    logger,
    metrics,
    clock,
    health,
  });
  const upstreams = createUpstreams(context);
  const pages = createPages(openApiDocument as unknown as OpenApiDocument);
  const listener = createGateway({
    routes: createRouteTable(ROUTES),
    upstreams,
    findPage: (path) => pages.get(path),
    authenticator,
    rateLimiter: config.rateLimitEnabled ? createLeasedRateLimiter({ keyValue, clock, logger }) : undefined,
    rateLimitPerMinute: config.rateLimitPerMinute,
    trustedProxyHops: config.trustedProxyHops,
    isDraining: () => health.draining,
    recordSpans: config.otlpEndpoint !== undefined,
    cors: createCors(config.corsOrigins),
    logger,
    onFinished: createAccessLog({ service: name, logger, metrics }),
  });
  const opsApp = createHttpApp({
    service: name,
    routes: [],
    context: { logger, metrics, health, clock },
    openApi: { title: 'api-gateway operations', description: 'Probes and metrics of the gateway' },
  });
  return {
    http: { fetch: notByFetch, listener },
    opsHttp: { fetch: opsApp.fetch, listener: opsApp.listener },
    workers: [connectionsWorker(upstreams), authenticator],
  };
}

function createUpstreams({
  config,
  logger,
  metrics,
}: ServiceContext<GatewayConfig>): ReadonlyMap<UpstreamName, Upstream> {
  const baseUrls: Record<UpstreamName, string> = {
    'user-service': config.userServiceUrl,
    'product-service': config.productServiceUrl,
    'order-service': config.orderServiceUrl,
    'payment-service': config.paymentServiceUrl,
    'notification-service': config.notificationServiceUrl,
  };
  const names = Object.keys(baseUrls) as UpstreamName[];
  return new Map(
    names.map((upstream) => [
      upstream,
      createUpstream({ name: upstream, baseUrl: baseUrls[upstream], logger, metrics, random: Math.random }),
    ]),
  );
}

/** Connections open with their first call; stopping closes them when the last one is answered. */
function connectionsWorker(upstreams: ReadonlyMap<UpstreamName, Upstream>): Worker {
  return {
    name: 'connections',
    start: () => {},
    async stop() {
      for (const upstream of upstreams.values()) upstream.close();
    },
  };
}

/** Never called: the listener goes first, because a Request and a Response for each relay cost more than the relay. */
function notByFetch(): Response {
  return new Response(null, { status: 501 });
}

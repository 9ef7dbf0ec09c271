import { PrismaPg } from '@prisma/adapter-pg';
import {
  createAuthenticator,
  createHttpApp,
  createServiceClient,
  type OpenApiOptions,
  type RouteDefinition,
} from '@souk/http';
import {
  createDeadLetterConsumer,
  createEventConsumer,
  createRelay,
  createRetentionSweep,
  deadLetterRoutes,
} from '@souk/outbox';
import { queueDelayMs, type ServiceApp, type ServiceContext, type ServiceDefinition } from '@souk/service-runtime';
import { prismaCartRepository } from './cart/cart-repository.ts';
import { createCartRoutes } from './cart/cart-routes.ts';
import { createCatalogClient } from './cart/catalog-client.ts';
import { type Config, settings } from './config.ts';
import { migrations } from './generated/migrations.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createFulfillmentRoutes, createInternalOrderRoutes } from './orders/fulfillment-routes.ts';
import { createOrderConsumption } from './orders/order-consumers.ts';
import type { OrderDependencies } from './orders/order-dependencies.ts';
import { createOrderMetrics } from './orders/order-metrics.ts';
import { createOrderRoutes } from './orders/order-routes.ts';
import { createOrderSweeps } from './orders/order-sweeps.ts';
import { createStockClient } from './orders/stock-client.ts';
import { createTimelineHub, type TimelineHub } from './orders/timeline-hub.ts';
import { createTimelineRoutes } from './orders/timeline-routes.ts';

export const ORDER_SERVICE = 'order-service';

/** A consumer says so inside its transaction; by then it has committed. */
const STOCK_DUE_DELAY_MS = 50;

export const openApi: OpenApiOptions = {
  title: 'Souk order-service',
  description: 'Cart, orders and their timeline: the order side of the saga.',
};

export interface RouteDependencies {
  orders: OrderDependencies;
  carts: ReturnType<typeof prismaCartRepository>;
  catalog: ReturnType<typeof createCatalogClient>;
  hub: TimelineHub;
  currency: string;
  cursorSecret: string;
  operations: Parameters<typeof deadLetterRoutes>[0];
}

export function createRoutes(deps: RouteDependencies): RouteDefinition[] {
  const { orders, carts, catalog, hub, currency, cursorSecret } = deps;
  return [
    ...createCartRoutes({ carts, catalog, clock: orders.clock, currency }),
    ...createOrderRoutes({ ...orders, carts, cursorSecret }),
    ...createFulfillmentRoutes(orders),
    ...createTimelineRoutes({ pool: orders.pool, hub, cursorSecret }),
    ...createInternalOrderRoutes(orders),
    ...deadLetterRoutes(deps.operations),
  ];
}

/** Adapters -> use cases -> routes and consumers; listens to nothing. */
function createApp(context: ServiceContext<Config>): ServiceApp {
  const { config, pool, broker, logger, metrics, clock, newId, health } = context;
  const { userServiceUrl, jwtIssuer: issuer, jwtAudience: audience, internalSecret } = config;
  const authenticator = createAuthenticator({ userServiceUrl, issuer, audience, logger, metrics, clock, health });
  const products = createServiceClient({
    from: ORDER_SERVICE,
    to: 'product-service',
    baseUrl: config.productServiceUrl,
    internalSecret,
    metrics,
    logger,
  });
  const relay = createRelay({ pool, broker, logger, metrics });
  const { streamsPerUserMax, streamDurationMaxMs, sweepIntervalMs, sagaRedriveAfterMs } = config;
  const isRevoked = (sessionId: string) => authenticator.isRevoked(sessionId);
  const limits = { streamsPerUserMax, streamDurationMaxMs };
  const hub = createTimelineHub({ pool, clock, newId, logger, metrics, health, isRevoked, ...limits });
  const orders: OrderDependencies = {
    pool,
    clock,
    newId,
    logger,
    metrics: createOrderMetrics(metrics),
    stock: createStockClient(products),
    timings: { sagaRedriveAfterMs, stockSettleDelayMs: sweepIntervalMs },
    committed: (orderIds) => {
      relay.wake();
      hub.notify(orderIds);
    },
    stockIsDue: () => void setTimeout(() => sweeps.wake(), STOCK_DUE_DELAY_MS).unref(),
  };
  const shared = { service: ORDER_SERVICE, pool, broker, logger, metrics };
  const sweeps = createOrderSweeps(orders, { intervalMs: sweepIntervalMs, logger, metrics });
  const routes = createRoutes({
    orders,
    carts: prismaCartRepository(new PrismaClient({ adapter: new PrismaPg(pool) }), pool),
    catalog: createCatalogClient(products),
    hub,
    currency: config.currency,
    cursorSecret: internalSecret,
    operations: { ...shared, cursorSecret: internalSecret },
  });
  const http = createHttpApp({
    service: ORDER_SERVICE,
    routes,
    context: { logger, metrics, health, clock },
    authenticator,
    internalSecret,
    queueDelayMs: () => queueDelayMs(pool),
    openApi,
  });
  return {
    http,
    workers: [
      authenticator,
      { name: 'product-service-client', start() {}, stop: () => products.close() },
      relay,
      ...sweeps.workers,
      createRetentionSweep({ pool, logger, metrics, idempotencyKeys: true }),
      createDeadLetterConsumer(shared),
      createEventConsumer({ ...shared, relay, ...createOrderConsumption(orders) }),
      hub,
    ],
  };
}

export const orderService: ServiceDefinition<Config> = {
  name: ORDER_SERVICE,
  settings,
  needs: { database: true, broker: true },
  migrations,
  createApp,
};

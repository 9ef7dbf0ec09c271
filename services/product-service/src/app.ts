import { PrismaPg } from '@prisma/adapter-pg';
import { createAuthenticator, createCursorCodec, createHttpApp } from '@souk/http';
import { createDeadLetterConsumer, createEventConsumer, createRelay, createRetentionSweep } from '@souk/outbox';
import { queueDelayMs, type ServiceApp, type ServiceContext, type ServiceDefinition } from '@souk/service-runtime';
import { createCatalogGeneration } from './catalog/catalog-generation.ts';
import { createCautiousStore } from './catalog/cautious-store.ts';
import { createProductFinder } from './catalog/find-product.ts';
import { loadAvailable } from './catalog/list-products.ts';
import { createPageCache } from './catalog/page-cache.ts';
import { createRevisionSweep } from './catalog/revision-sweep.ts';
import { createCategoryReader } from './categories/category-reader.ts';
import { type Config, LIMITS, PRODUCT_SERVICE, settings } from './config.ts';
import { migrations } from './generated/migrations.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { openApi } from './openapi.ts';
import { createExpirySweep } from './reservations/expiry-sweep.ts';
import { createReservationConsumer } from './reservations/reservation-consumers.ts';
import { createStockAlarm } from './reservations/settle-reservations.ts';
import { createRoutes } from './routes.ts';
import { seedCatalog } from './seed/seed-catalog.ts';

type Context = ServiceContext<Config>;

/** What reads the catalogue: generation, categories, pages. */
function createCatalog(context: Context, prisma: PrismaClient) {
  const { pool, metrics } = context;
  const clockMs = () => performance.now();
  const keyValue = createCautiousStore(context.keyValue, { clockMs, pauseMs: LIMITS.storePauseMs });
  const generation = createCatalogGeneration({ pool, keyValue, clockMs, checkMs: LIMITS.generationCheckMs });
  const categories = createCategoryReader(prisma, generation);
  const pages = createPageCache({
    keyValue,
    incarnation: generation.incarnation,
    metrics,
    clockMs,
    random: Math.random,
    loadAvailable: (ids) => loadAvailable(pool, ids),
    pagesMax: LIMITS.pagesMax,
    bytesMax: LIMITS.pageBytesMax,
    ttlMs: LIMITS.pageTtlMs,
    availableLagMs: LIMITS.availableLagMs,
  });
  const categoriesBelow = categories.slugsBelow;
  return { generation, categories, pages, categoriesBelow, finder: createProductFinder(pool) };
}

/** Adapters -> use cases -> routes and consumers; listens to nothing. */
function createApp(context: Context): ServiceApp {
  const { config, pool, broker, logger, metrics, clock, newId, health } = context;
  const { userServiceUrl, jwtIssuer: issuer, jwtAudience: audience, internalSecret, sweepIntervalMs } = config;
  const now = () => clock.now();
  const authenticator = createAuthenticator({ userServiceUrl, issuer, audience, logger, metrics, clock, health });
  const shared = { service: PRODUCT_SERVICE, pool, broker, logger, metrics };
  const relay = createRelay(shared);
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool),
    // Longer than a statement may take, shorter than the request may.
    transactionOptions: { maxWait: 1_000, timeout: 3_000 },
  });
  const alarm = createStockAlarm(metrics, logger);
  const deps = { pool, relay, now, newId };
  const routes = createRoutes({
    ...deps,
    ...createCatalog(context, prisma),
    prisma,
    alarm,
    logger,
    config,
    currency: config.currency,
    cursorSecret: internalSecret,
    cursors: createCursorCodec({ secret: internalSecret, scope: 'products' }),
    operations: { ...shared, cursorSecret: internalSecret },
  });
  const http = createHttpApp({
    service: PRODUCT_SERVICE,
    routes,
    context: { logger, metrics, health, clock },
    authenticator,
    internalSecret,
    queueDelayMs: () => queueDelayMs(pool),
    openApi,
  });
  const runtime = { logger, metrics };
  return {
    http,
    workers: [
      authenticator,
      relay,
      createExpirySweep(
        { ...deps, tellAgainAfterMs: config.sagaRedriveAfterMs },
        { ...runtime, intervalMs: sweepIntervalMs },
      ),
      createRevisionSweep({ pool, now }, runtime),
      createRetentionSweep({ pool, ...runtime }),
      createDeadLetterConsumer(shared),
      createEventConsumer({ ...shared, relay, ...createReservationConsumer({ now, alarm }) }),
    ],
  };
}

export const productService: ServiceDefinition<Config> = {
  name: PRODUCT_SERVICE,
  settings,
  needs: { database: true, broker: true, keyValue: true },
  migrations,
  createApp,
  seed: (context) => seedCatalog({ pool: context.pool, logger: context.logger, currency: context.config.currency }),
};

import { createAuthenticator, createHttpApp, createServiceClient, type RouteDefinition } from '@souk/http';
import {
  createDeadLetterConsumer,
  createEventConsumer,
  createRelay,
  createRetentionSweep,
  deadLetterRoutes,
  forErasedUsers,
} from '@souk/outbox';
import {
  createSweep,
  queueDelayMs,
  type ServiceApp,
  type ServiceContext,
  type ServiceDefinition,
  type Worker,
} from '@souk/service-runtime';
import { type Config, settings } from './config.ts';
import { migrations } from './generated/migrations.ts';
import { createCharger } from './payments/charger.ts';
import { eraseContacts } from './payments/erase-users.ts';
import { createOrderDirectory } from './payments/order-client.ts';
import { createPaymentHandlers, repeatPaymentEvents } from './payments/payment-consumers.ts';
import { createPaymentGauges } from './payments/payment-gauges.ts';
import { createPaymentMetrics } from './payments/payment-metrics.ts';
import { pgPaymentQueries } from './payments/payment-queries.ts';
import { paymentRoutes } from './payments/payment-routes.ts';
import { refundRoutes } from './payments/refund-routes.ts';
import { createRefunder } from './payments/refunder.ts';
import { createProvider } from './providers/provider.ts';
import { sandboxRoutes } from './providers/sandbox-routes.ts';
import { deleteOldWebhookEvents, type StripeWebhookContext } from './providers/stripe-webhook.ts';
import { stripeWebhookRoutes } from './providers/stripe-webhook-routes.ts';

type Context = ServiceContext<Config>;

const OPEN_API = {
  title: 'payment-service',
  description: 'Charges and refunds: one payment for each order, never two charges.',
};

export const paymentService: ServiceDefinition<Config> = {
  name: 'payment-service',
  settings,
  needs: { database: true, broker: true },
  migrations,
  createApp,
};

function createApp(context: Context): ServiceApp {
  const { config, name, logger, metrics, clock } = context;
  const work = createWork(context);
  const authenticator = createAuthenticator({
    userServiceUrl: config.userServiceUrl,
    issuer: config.jwtIssuer,
    audience: config.jwtAudience,
    logger,
    metrics,
    clock,
    health: context.health,
  });
  const http = createHttpApp({
    service: name,
    routes: createRoutes(context, work),
    context,
    authenticator,
    internalSecret: config.internalSecret,
    queueDelayMs: () => queueDelayMs(context.pool),
    openApi: OPEN_API,
  });
  return { http, workers: [authenticator, ...work.workers] };
}

/** What goes on in the background, and how it is woken. */
function createWork(context: Context) {
  const { config, pool, broker, logger, metrics, clock, newId } = context;
  const { provider, stripe } = createProvider(context);
  const relay = createRelay({ pool, broker, logger, metrics });
  const paymentMetrics = createPaymentMetrics(metrics);
  const shared = { pool, provider, config, clock, newId, logger, metrics, paymentMetrics, random: Math.random };
  const onSettled = (refundsDue: boolean) => {
    relay.wake();
    if (refundsDue) refunder.wake();
  };
  const refunder = createRefunder({ ...shared, onSettled });
  const charger = createCharger({ ...shared, onSettled });
  // Each look for work that is not there costs a statement: woken is only who has some.
  const due = { charges: false, refunds: false };
  const afterCommit = {
    wake() {
      relay.wake();
      if (due.charges) charger.wake();
      if (due.refunds) refunder.wake();
      due.charges = due.refunds = false;
    },
  };
  const consumer = createEventConsumer({
    service: context.name,
    pool,
    broker,
    logger,
    metrics,
    relay: afterCommit,
    handlers: createPaymentHandlers({
      clock,
      newId,
      onDue: (work) => {
        due[work] = true;
      },
    }),
    onRedrive: repeatPaymentEvents,
  });
  const workers: Worker[] = [
    relay,
    charger,
    refunder,
    consumer,
    createDeadLetterConsumer({ service: context.name, pool, broker, logger, metrics }),
    createRetentionSweep({ pool, logger, metrics, idempotencyKeys: true }),
    ...createCleaningSweeps(context),
    createPaymentGauges({ pool, logger, metrics, intervalMs: config.sweepIntervalMs }),
  ];
  return { workers, charger, refunder, stripe, paymentMetrics, onSettled };
}

const CLEANING_INTERVAL_MS = 60_000;

/** Each with a sweep of its own, so that one that fails does not keep the other from its work. */
function createCleaningSweeps({ pool, logger, metrics }: Context): Worker[] {
  const sweep = (name: string, clean: (signal: AbortSignal) => Promise<number>) =>
    createSweep({
      name,
      intervalMs: CLEANING_INTERVAL_MS,
      logger,
      metrics,
      run: async (signal) => {
        const rows = await clean(signal);
        if (rows > 0) logger.info({ rows, sweep: name }, 'Cleaned what nobody needs any more');
      },
    });
  return [
    sweep('erase-contacts', (signal) => forErasedUsers(pool, signal, (userIds) => eraseContacts(pool, userIds))),
    sweep('delete-old-webhook-events', (signal) => deleteOldWebhookEvents(pool, signal)),
  ];
}

function createRoutes(context: Context, work: ReturnType<typeof createWork>): RouteDefinition[] {
  const { config, pool, broker, clock, newId, name, metrics, logger } = context;
  const queries = pgPaymentQueries(pool);
  const orderClient = createServiceClient({
    from: name,
    to: 'order-service',
    baseUrl: config.orderServiceUrl,
    internalSecret: config.internalSecret,
    metrics,
    logger,
  });
  const shared = { pool, clock, newId, queries, cursorSecret: config.internalSecret };
  return [
    ...paymentRoutes({ ...shared, orders: createOrderDirectory(orderClient), onPayable: work.charger.wake }),
    ...refundRoutes({ ...shared, onRefundDue: work.refunder.wake }),
    ...stripeWebhookRoutes(webhookContextOf(context, work)),
    ...(config.paymentProvider === 'sandbox' ? sandboxRoutes({ pool }) : []),
    ...deadLetterRoutes({ service: name, pool, broker, logger, cursorSecret: config.internalSecret }),
  ];
}

function webhookContextOf(context: Context, work: ReturnType<typeof createWork>): StripeWebhookContext | undefined {
  if (work.stripe === undefined) return undefined;
  const { pool, clock, newId, logger } = context;
  const { paymentMetrics, onSettled } = work;
  const { client: stripe, webhookSecret } = work.stripe;
  return { pool, clock, newId, logger, paymentMetrics, onSettled, stripe, webhookSecret };
}

import { createAuthenticator, createHttpApp, createSealer } from '@souk/http';
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
  type ServiceApp,
  type ServiceContext,
  type ServiceDefinition,
  type Worker,
} from '@souk/service-runtime';
import { type Config, settings } from './config.ts';
import { createDeliveryHandlers } from './deliveries/delivery-consumers.ts';
import { deleteOldDeliveries, eraseContacts } from './deliveries/erase-users.ts';
import { createSender } from './deliveries/sender.ts';
import { migrations } from './generated/migrations.ts';
import { createMailSender, createSmsSender } from './senders/senders.ts';

type Context = ServiceContext<Config>;

const OPEN_API = {
  title: 'notification-service',
  description: 'Tells people by e-mail and SMS what became of their orders. Its API is for operators only.',
};

/** The same word on both sides of the seal: user-service and this service derive one key from INTERNAL_SECRET. */
const PASSWORD_RESET_PURPOSE = 'password-reset';

const CLEANING_INTERVAL_MS = 60_000;

export const notificationService: ServiceDefinition<Config> = {
  name: 'notification-service',
  settings,
  needs: { database: true, broker: true },
  migrations,
  createApp,
};

function createApp(context: Context): ServiceApp {
  const { config, name, pool, broker, logger, metrics, clock } = context;
  const authenticator = createAuthenticator({
    userServiceUrl: config.userServiceUrl,
    issuer: config.jwtIssuer,
    audience: config.jwtAudience,
    logger,
    metrics,
    clock,
    health: context.health,
  });
  const routes = deadLetterRoutes({ service: name, pool, broker, logger, cursorSecret: config.internalSecret });
  const http = createHttpApp({ service: name, routes, context, authenticator, openApi: OPEN_API });
  return { http, workers: [authenticator, ...createWorkers(context)] };
}

function createWorkers(context: Context): Worker[] {
  const { config, name, pool, broker, logger, metrics, clock, newId } = context;
  const relay = createRelay({ pool, broker, logger, metrics });
  const sealer = createSealer({ secret: config.internalSecret, purpose: PASSWORD_RESET_PURPOSE });
  const mailSender = createMailSender(context);
  const sender = createSender({
    pool,
    mailSender,
    smsSender: createSmsSender(context),
    openToken: sealer.open,
    config,
    clock,
    newId,
    random: Math.random,
    logger,
    metrics,
    onSettled: relay.wake,
  });
  const consumer = createEventConsumer({
    service: name,
    pool,
    broker,
    logger,
    metrics,
    relay: sender,
    handlers: createDeliveryHandlers({ clock, newId, adminEmail: config.adminEmail }),
  });
  return [
    { name: 'mail-sender', start() {}, stop: () => mailSender.close() },
    relay,
    sender,
    consumer,
    createDeadLetterConsumer({ service: name, pool, broker, logger, metrics }),
    createRetentionSweep({ pool, logger, metrics }),
    ...createCleaningSweeps(context),
  ];
}

/** Each with a sweep of its own, so that one that fails does not keep the other from its work. */
function createCleaningSweeps({ pool, clock, logger, metrics }: Context): Worker[] {
  const sweep = (name: string, clean: (signal: AbortSignal) => Promise<number>) =>
    createSweep({
      name,
      intervalMs: CLEANING_INTERVAL_MS,
      logger,
      metrics,
      run: async (signal) => {
        const rows = await clean(signal);
        if (rows > 0) logger.info({ rows, sweep: name }, 'Cleaned deliveries');
      },
    });
  return [
    sweep('erase-contacts', (signal) => forErasedUsers(pool, signal, (userIds) => eraseContacts(pool, userIds))),
    sweep('delete-old-deliveries', (signal) => deleteOldDeliveries(pool, clock.now(), signal)),
  ];
}

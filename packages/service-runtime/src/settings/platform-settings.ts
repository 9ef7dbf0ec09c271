import { RETRY_DELAYS_MS_DEFAULT } from '@souk/contracts';
import {
  booleanSetting,
  defineSettings,
  enumSetting,
  integerSetting,
  listSetting,
  secretSetting,
  stringSetting,
  urlSetting,
} from './setting.ts';

/** What every service reads; spread into each service's own table. */
export const commonSettings = defineSettings({
  logLevel: enumSetting('LOG_LEVEL', {
    values: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    default: 'info',
    description: 'least severe level that is logged',
  }),
  logFormat: enumSetting('LOG_FORMAT', {
    values: ['json', 'pretty'],
    default: 'json',
    description: 'json for machines, pretty for people',
  }),
  otlpEndpoint: urlSetting('OTEL_EXPORTER_OTLP_ENDPOINT', {
    default: undefined,
    description: 'base URL of an OpenTelemetry collector (OTLP over HTTP); without it nothing is exported',
  }),
  shutdownGraceMs: integerSetting('SHUTDOWN_GRACE_MS', {
    default: 25_000,
    min: 0,
    max: 300_000,
    unit: 'ms',
    description: 'longest time from SIGTERM to exit',
  }),
  seedDemoData: booleanSetting('SEED_DEMO_DATA', {
    default: false,
    description: 'whether demonstration accounts and products are written; never in production',
  }),
});

/** The services with a PostgreSQL database of their own. */
export const databaseSettings = defineSettings({
  databaseUrl: secretSetting('DATABASE_URL', {
    protocols: ['postgres', 'postgresql'],
    description: "the service's own database, as its own user without rights to change the schema",
  }),
  migrationDatabaseUrl: secretSetting('MIGRATION_DATABASE_URL', {
    default: undefined,
    protocols: ['postgres', 'postgresql'],
    description: 'the same database as its owner; read by migrate and seed only',
  }),
  databasePoolMax: integerSetting('DATABASE_POOL_MAX', {
    default: 10,
    min: 1,
    max: 200,
    unit: 'connections',
    description: 'most connections to the database at once',
  }),
});

/** The services that publish or consume events. */
export const brokerSettings = defineSettings({
  amqpUrl: secretSetting('AMQP_URL', {
    protocols: ['amqp', 'amqps'],
    description: 'the RabbitMQ broker',
  }),
  amqpNamePrefix: stringSetting('AMQP_NAME_PREFIX', {
    default: undefined,
    pattern: /^[a-z0-9][a-z0-9._-]{0,39}$/,
    expected: 'expected 1 to 40 lower-case letters, digits, dots and dashes',
    description: 'stands in front of the names of exchange and queues, for several shops on one broker',
  }),
  retryDelaysMs: listSetting('RETRY_DELAYS_MS', {
    items: 'integers',
    default: RETRY_DELAYS_MS_DEFAULT,
    itemsMax: 10,
    min: 0,
    max: 86_400_000,
    unit: 'ms',
    description: 'the wait before each attempt at a message; after the last it is dead-lettered',
  }),
});

/** The services that use Redis. */
export const redisSettings = defineSettings({
  redisUrl: secretSetting('REDIS_URL', { protocols: ['redis', 'rediss'], description: 'the Redis server' }),
});

/** Where the other services answer; each service spreads in the ones it calls. */
export const serviceUrlSettings = defineSettings({
  userServiceUrl: urlSetting('USER_SERVICE_URL', {
    default: 'http://localhost:3001',
    description: 'base URL of user-service',
  }),
  productServiceUrl: urlSetting('PRODUCT_SERVICE_URL', {
    default: 'http://localhost:8000',
    description: 'base URL of product-service',
  }),
  orderServiceUrl: urlSetting('ORDER_SERVICE_URL', {
    default: 'http://localhost:3003',
    description: 'base URL of order-service',
  }),
  paymentServiceUrl: urlSetting('PAYMENT_SERVICE_URL', {
    default: 'http://localhost:3004',
    description: 'base URL of payment-service',
  }),
  notificationServiceUrl: urlSetting('NOTIFICATION_SERVICE_URL', {
    default: 'http://localhost:3005',
    description: 'base URL of notification-service',
  }),
});

/** What a verifier of access tokens needs; without the secret, which the gateway does not have. */
export const tokenSettings = defineSettings({
  userServiceUrl: serviceUrlSettings.userServiceUrl,
  jwtIssuer: stringSetting('JWT_ISSUER', {
    default: 'https://souk.example',
    description: 'iss of access tokens',
  }),
  jwtAudience: stringSetting('JWT_AUDIENCE', { default: 'souk', description: 'aud of access tokens' }),
});

/** The key of service tokens, at least 32 bytes (RFC 7518 section 3.2). */
export const internalSecretSettings = defineSettings({
  internalSecret: secretSetting('INTERNAL_SECRET', {
    minBytes: 32,
    description: 'shared key of the calls between services',
  }),
});

/** Verifying access tokens and calling, or being called by, other services. */
export const identitySettings = defineSettings({ ...tokenSettings, ...internalSecretSettings });

/** The rhythm of the sweeps that keep the saga moving. */
export const sagaSettings = defineSettings({
  sweepIntervalMs: integerSetting('SWEEP_INTERVAL_MS', {
    default: 5_000,
    min: 50,
    max: 3_600_000,
    unit: 'ms',
    description: 'pause between two sweeps',
  }),
  sagaRedriveAfterMs: integerSetting('SAGA_REDRIVE_AFTER_MS', {
    default: 120_000,
    min: 500,
    max: 86_400_000,
    unit: 'ms',
    description: 'time without progress after which an order’s last event is published again',
  }),
});

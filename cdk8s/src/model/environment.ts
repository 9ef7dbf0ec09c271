import type { EnvironmentOptions } from './options.ts';
import { addressVariable, SERVICES, type ServiceModel, type ServiceName, SMTP_PORT } from './platform.ts';

/** One variable of a container: a literal, or a key of a Secret. */
export type EnvironmentVariable =
  | { name: string; value: string }
  | { name: string; secret: { name: string; key: string } };

/** The Secrets that a deployment needs and the keys in each. In production they are made outside, once. */
export const SECRETS = {
  internal: { name: 'souk-internal', keys: ['INTERNAL_SECRET'] },
  messaging: { name: 'souk-messaging', keys: ['AMQP_URL'] },
  cache: { name: 'souk-cache', keys: ['REDIS_URL'] },
  mail: { name: 'souk-mail', keys: ['SMTP_URL'] },
  /** With `paymentProvider: 'stripe'` only. */
  payment: { name: 'souk-payment', keys: ['STRIPE_API_KEY', 'STRIPE_WEBHOOK_SECRET'] },
} as const;

/** Its own user and the owner, for one service. */
export function databaseSecretName(service: ServiceName): string {
  return `${service}-database`;
}

const fromSecret = (secret: { name: string }, name: string): EnvironmentVariable => ({
  name,
  secret: { name: secret.name, key: name },
});

/** What a service's image is started with. */
export type Command = 'serve' | 'migrate' | 'seed';

/** What a container gets, sorted by name: `seed` gets the owner's URL too, `migrate` only what leads to the database. */
export function environmentOf(
  service: ServiceModel,
  options: EnvironmentOptions,
  command: Command = 'serve',
): EnvironmentVariable[] {
  if (command === 'migrate') return [...databaseVariables(service, command), ...logVariables(options)].sort(byName);
  const variables: EnvironmentVariable[] = [
    { name: 'PORT', value: String(service.port) },
    ...logVariables(options),
    ...service.calls.map((callee) => ({
      name: addressVariable(callee),
      value: `http://${callee}:${SERVICES[callee].port}`,
    })),
    ...dataVariables(service, command),
    ...literals(service, options),
    ...(command === 'seed' ? [{ name: 'SEED_DEMO_DATA', value: 'true' }] : []),
  ];
  return variables.sort(byName);
}

const byName = (a: EnvironmentVariable, b: EnvironmentVariable) => (a.name < b.name ? -1 : 1);

const logVariables = (options: EnvironmentOptions): EnvironmentVariable[] => [
  { name: 'LOG_FORMAT', value: 'json' },
  { name: 'LOG_LEVEL', value: options.logLevel },
];

function databaseVariables(service: ServiceModel, command: Command): EnvironmentVariable[] {
  if (!service.database) return [];
  const secret = { name: databaseSecretName(service.name) };
  return [
    fromSecret(secret, 'DATABASE_URL'),
    ...(command === 'serve' ? [] : [fromSecret(secret, 'MIGRATION_DATABASE_URL')]),
  ];
}

function dataVariables(service: ServiceModel, command: Command): EnvironmentVariable[] {
  const variables: EnvironmentVariable[] = [];
  if (service.name !== 'api-gateway') variables.push(fromSecret(SECRETS.internal, 'INTERNAL_SECRET'));
  if (service.broker) variables.push(fromSecret(SECRETS.messaging, 'AMQP_URL'));
  if (service.cache) variables.push(fromSecret(SECRETS.cache, 'REDIS_URL'));
  return [...variables, ...databaseVariables(service, command)];
}

/** Settings that only one service reads. */
function literals(service: ServiceModel, options: EnvironmentOptions): EnvironmentVariable[] {
  switch (service.name) {
    case 'api-gateway':
      return [
        { name: 'OPS_PORT', value: String(service.opsPort) },
        { name: 'TRUSTED_PROXY_HOPS', value: String(options.trustedProxyHops) },
      ];
    case 'user-service':
      return [{ name: 'TRUSTED_PROXY_HOPS', value: String(options.trustedProxyHops + 1) }];
    case 'notification-service':
      return [
        { name: 'MAIL_FROM', value: options.mailFrom },
        { name: 'ADMIN_EMAIL', value: options.adminEmail },
        { name: 'PUBLIC_URL', value: options.publicUrl },
        fromSecret(SECRETS.mail, 'SMTP_URL'),
      ];
    case 'payment-service':
      return paymentVariables(options);
    default:
      return [];
  }
}

function paymentVariables({ paymentProvider = 'sandbox' }: EnvironmentOptions): EnvironmentVariable[] {
  const keys = paymentProvider === 'stripe' ? SECRETS.payment.keys : [];
  return [{ name: 'PAYMENT_PROVIDER', value: paymentProvider }, ...keys.map((key) => fromSecret(SECRETS.payment, key))];
}

/** Development values for every Secret of the embedded data tier. They protect nothing and are no secret. */
export function developmentSecretsOf(databaseUrlOf: (service: ServiceModel, user: 'service' | 'owner') => string) {
  const secrets: Record<string, Record<string, string>> = {
    [SECRETS.internal.name]: { INTERNAL_SECRET: 'development-only-secret-that-protects-nothing' },
    [SECRETS.messaging.name]: { AMQP_URL: 'amqp://souk:souk@rabbitmq:5672' },
    [SECRETS.cache.name]: { REDIS_URL: 'redis://redis:6379' },
    [SECRETS.mail.name]: { SMTP_URL: `smtp://mailpit:${SMTP_PORT}` },
  };
  for (const service of Object.values(SERVICES)) {
    if (!service.database) continue;
    secrets[databaseSecretName(service.name)] = {
      DATABASE_URL: databaseUrlOf(service, 'service'),
      MIGRATION_DATABASE_URL: databaseUrlOf(service, 'owner'),
    };
  }
  return secrets;
}

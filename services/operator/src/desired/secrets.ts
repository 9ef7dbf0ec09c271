import { createHmac } from 'node:crypto';
import {
  databaseSecretName,
  isEmbedded,
  type Manifest,
  type PlatformOptions,
  POSTGRES_PORT,
  postgresServerOf,
  SECRETS,
  SERVICES,
  type ServiceModel,
} from '@souk/cdk8s';

/** Holds the one generated value; every password of a Shop follows from it. */
export const KEY_SECRET = 'key';

/**
 * The Secrets of a Shop as a function of its key: a deleted one comes back as it was, nothing is ever rotated silently, and
 * a plan needs no randomness. Only Secrets of embedded parts are made; the others are made outside.
 */
export function secretContents(key: string, options: PlatformOptions, prefix: string): Record<string, Secret> {
  const derive = (purpose: string) => createHmac('sha256', key).update(purpose).digest('base64url');
  const secrets: Record<string, Secret> = {
    [SECRETS.internal.name]: { INTERNAL_SECRET: derive('internal') },
  };
  if (isEmbedded(options, 'messaging')) {
    const password = derive('rabbitmq');
    secrets['souk-rabbitmq'] = { password };
    secrets[SECRETS.messaging.name] = { AMQP_URL: `amqp://souk:${password}@${prefix}rabbitmq:5672` };
  }
  if (isEmbedded(options, 'cache')) secrets[SECRETS.cache.name] = { REDIS_URL: `redis://${prefix}redis:6379` };
  if (isEmbedded(options, 'mail')) secrets[SECRETS.mail.name] = { SMTP_URL: `smtp://${prefix}mailpit:1025` };
  if (isEmbedded(options, 'database')) Object.assign(secrets, databaseSecrets(derive, prefix));
  return secrets;
}

type Secret = Record<string, string>;

function databaseSecrets(derive: (purpose: string) => string, prefix: string): Record<string, Secret> {
  const owner = derive('postgres');
  const secrets: Record<string, Secret> = { 'souk-postgres': { password: owner } };
  for (const service of Object.values(SERVICES) as ServiceModel[]) {
    if (!service.database) continue;
    const place = `${prefix}${postgresServerOf(service.database)}:${POSTGRES_PORT}/${service.database}`;
    const user = service.name.replaceAll('-', '_');
    secrets[databaseSecretName(service.name)] = {
      DATABASE_URL: `postgresql://${user}:${derive(`database ${service.name}`)}@${place}`,
      MIGRATION_DATABASE_URL: `postgresql://owner:${owner}@${place}`,
    };
  }
  return secrets;
}

/** A Secret that is created when it is missing and never touched again. */
export function secretManifest(name: string, stringData: Secret): Manifest {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type: 'Opaque', stringData };
}

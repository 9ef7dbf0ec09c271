import { PrismaPg } from '@prisma/adapter-pg';
import { createHttpApp, createSealer } from '@souk/http';
import { createRelay, createRetentionSweep } from '@souk/outbox';
import {
  createSweep,
  HealthCheckError,
  queueDelayMs,
  type ServiceApp,
  type ServiceContext,
  type ServiceDefinition,
} from '@souk/service-runtime';
import { type Config, settings } from './config.ts';
import { migrations } from './generated/migrations.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { runHousekeeping } from './housekeeping.ts';
import { createKeyRing } from './keys/key-ring.ts';
import { rotationTimes } from './keys/signing-key.ts';
import { createPasswordHasher } from './passwords/password-hasher.ts';
import { createRevocationFeed } from './revocations/revocation-feed.ts';
import { readRevocations } from './revocations/revocation-repository.ts';
import { createRoutes } from './routes.ts';
import { createLocalAuthenticator } from './sessions/local-authenticator.ts';
import { createSessionLiveness } from './sessions/session-liveness.ts';
import { grantAdmin } from './users/grant-admin.ts';
import { seedUsers } from './users/seed-users.ts';

/** Verifiers allow for clocks that differ; a revocation outlives the last token by this. */
const CLOCK_MARGIN_MS = 60_000;

export const openApi = {
  title: 'Souk user-service',
  description: 'Accounts, sessions, address books and the keys that verify access tokens.',
};

/** The identity of the platform: accounts, sessions, signing keys and what is revoked. */
export const userService: ServiceDefinition<Config> = {
  name: 'user-service',
  settings,
  needs: { database: true, broker: true, keyValue: true },
  migrations,
  createApp,
  async seed(context) {
    if (!context.config.seedDemoData) {
      context.logger.info({}, 'SEED_DEMO_DATA is not true: no demonstration accounts are written');
      return;
    }
    await seedUsers({ ...pick(context), hasher: createPasswordHasher({ metrics: context.metrics }) });
  },
  commands: { 'grant-admin': runGrantAdmin },
};

function pick({ pool, clock, newId, logger }: ServiceContext<Config>) {
  return { pool, clock, newId, logger };
}

function createApp(context: ServiceContext<Config>): ServiceApp {
  const { pool, config, logger, metrics, health, clock, broker, keyValue } = context;
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool),
    transactionOptions: { maxWait: 3_000, timeout: 5_000 },
  });
  const relay = createRelay({ pool, broker, logger, metrics });
  const keyRing = createContextKeyRing(context);
  const tokenLifeMs = config.accessTokenTtlMs + CLOCK_MARGIN_MS;
  const feed = createRevocationFeed({
    read: (since) => readRevocations(pool, since),
    keepMs: tokenLifeMs,
    logger,
    metrics,
  });
  const liveness = createSessionLiveness({ pool, keyValue, feed, tokenLifeMs, clock, logger });
  const { jwtIssuer: issuer, jwtAudience: audience } = config;
  const http = createHttpApp({
    service: context.name,
    routes: createRoutes(context, { prisma, keyRing, feed, liveness, wakeRelay: () => relay.wake() }),
    context: { logger, metrics, health, clock },
    authenticator: createLocalAuthenticator({ keyRing, liveness, issuer, audience, clock }),
    internalSecret: config.internalSecret,
    trustedProxyHops: config.trustedProxyHops,
    queueDelayMs: () => queueDelayMs(pool),
    openApi,
  });
  const housekeeping = createSweep({
    name: 'housekeeping',
    intervalMs: config.sweepIntervalMs,
    run: () => runHousekeeping({ pool, clock, revocationsKeptMs: tokenLifeMs }),
    logger,
    metrics,
  });
  const retention = createRetentionSweep({ pool, logger, metrics });
  health.addCheck('signing-keys', async () => {
    if (!keyRing.isLoaded()) await keyRing.jwks();
    if (!keyRing.isLoaded()) throw new HealthCheckError('no signing key is loaded yet');
  });
  return { http, workers: [relay, keyRing, feed, liveness, housekeeping, retention] };
}

function createContextKeyRing({ pool, config, clock, newId, logger, metrics }: ServiceContext<Config>) {
  return createKeyRing({
    pool,
    sealer: createSealer({ secret: config.internalSecret, purpose: 'signing-keys' }),
    times: rotationTimes(config.signingKeyRotationMs, config.accessTokenTtlMs),
    clock,
    newId,
    logger,
    metrics,
  });
}

async function runGrantAdmin(context: ServiceContext<Config>, args: string[]): Promise<number> {
  const [email] = args;
  if (email === undefined || args.length > 1) {
    process.stderr.write('Usage: node main.js grant-admin <email>\n');
    return 2;
  }
  // No Redis and no feed in this process: the serving replicas read the revocation from PostgreSQL within 200 ms.
  const liveness = { announceEnded: async () => {} };
  const outcome = await grantAdmin({ ...pick(context), liveness }, email);
  if (!outcome.ok) {
    process.stderr.write(`${outcome.reason}\n`);
    return 1;
  }
  process.stdout.write(
    outcome.changed ? `${email} is an administrator now\n` : `${email} was an administrator already\n`,
  );
  return 0;
}

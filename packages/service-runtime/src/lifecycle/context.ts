import assert from 'node:assert';
import { createRedisKeyValueStore, type KeyValueStore } from '@souk/key-value';
import { type Broker, createRabbitMqBroker } from '@souk/messaging';
import { type Clock, newId, systemClock } from '../clock.ts';
import { createPool, type Pool } from '../database/pool.ts';
import { createHealth, type HealthControl } from '../health.ts';
import { createLogger, type Logger } from '../logger.ts';
import { createMetrics, type Metrics } from '../metrics.ts';
import type { brokerSettings, commonSettings, databaseSettings, redisSettings } from '../settings/platform-settings.ts';
import type { SettingsOf } from '../settings/setting.ts';
import { deadline } from './deadline.ts';
import type { ServiceContext, ServiceDefinition } from './service.ts';

/** The fields of a service's config that the runtime itself reads, where the service spreads their settings in. */
export type PlatformConfig = Partial<
  SettingsOf<typeof commonSettings> &
    SettingsOf<typeof databaseSettings> &
    SettingsOf<typeof brokerSettings> &
    SettingsOf<typeof redisSettings> & { port: number; opsPort: number }
>;

/** What the one-process run and tests hand in instead of the real thing; what is handed in is not closed here. */
export interface ContextOverrides {
  logger?: Logger;
  metrics?: Metrics;
  clock?: Clock;
  pool?: Pool;
  broker?: Broker;
  keyValue?: KeyValueStore;
  /** For seed: the owner's. */
  databaseUrl?: string | undefined;
}

export interface OwnedContext<C> extends ServiceContext<C> {
  readonly health: HealthControl;
  /** Closes what this context opened, each within two seconds. */
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Builds what a service is given. Pool, broker and key-value store are opened when they are first read, so that a command
 * opens only what it uses.
 */
export function createServiceContext<C>(
  definition: ServiceDefinition<C>,
  config: C,
  overrides: ContextOverrides = {},
): OwnedContext<C> {
  const { name } = definition;
  const platform: PlatformConfig = config as PlatformConfig;
  const logger =
    overrides.logger ??
    createLogger({ service: name, level: platform.logLevel ?? 'info', format: platform.logFormat ?? 'json' });
  const metrics = overrides.metrics ?? createMetrics({ service: name });
  const health = createHealth();
  const resources = createResources(definition, { overrides, platform, logger, metrics });
  return {
    name,
    config,
    logger,
    metrics,
    clock: overrides.clock ?? systemClock,
    newId,
    health,
    get pool() {
      return resources.pool();
    },
    get broker() {
      return resources.broker();
    },
    get keyValue() {
      return resources.keyValue();
    },
    async close() {
      health.stop();
      await resources.close();
    },
  };
}

interface ResourceOptions {
  overrides: ContextOverrides;
  platform: PlatformConfig;
  logger: Logger;
  metrics: Metrics;
}

function createResources<C>({ name, needs }: ServiceDefinition<C>, options: ResourceOptions) {
  const { logger, metrics, overrides, platform } = options;
  const closers: { name: string; close: () => Promise<void> }[] = [];
  const pool = once(() => {
    assert(needs.database, `${name} uses a database that its definition does not need`);
    if (overrides.pool !== undefined) return overrides.pool;
    const url = overrides.databaseUrl ?? platform.databaseUrl;
    assert(url !== undefined, `${name} needs a database but has no setting databaseUrl`);
    const opened = createPool({ url, max: platform.databasePoolMax ?? 10, applicationName: name, logger, metrics });
    closers.push({ name: 'database', close: () => opened.end() });
    return opened;
  });
  const broker = once(() => {
    assert(needs.broker, `${name} uses a broker that its definition does not need`);
    if (overrides.broker !== undefined) return overrides.broker;
    const { amqpUrl, amqpNamePrefix: prefix, retryDelaysMs } = platform;
    assert(amqpUrl !== undefined && retryDelaysMs !== undefined, `${name} needs a broker but lacks brokerSettings`);
    const opened = createRabbitMqBroker({ url: amqpUrl, retryDelaysMs, logger, metrics, prefix });
    closers.push({ name: 'broker', close: () => opened.close() });
    return opened;
  });
  const keyValue = once(() => {
    assert(needs.keyValue, `${name} uses a key-value store that its definition does not need`);
    if (overrides.keyValue !== undefined) return overrides.keyValue;
    assert(platform.redisUrl !== undefined, `${name} needs a key-value store but lacks redisSettings`);
    const opened = createRedisKeyValueStore({ url: platform.redisUrl, logger });
    closers.push({ name: 'key-value store', close: () => opened.close() });
    return opened;
  });
  const close = async () => {
    const reversed = closers.splice(0).reverse();
    await Promise.all(
      reversed.map((closer) => deadline(closer, { run: closer.close, timeoutMs: CLOSE_TIMEOUT_MS, logger })),
    );
  };
  return { pool, broker, keyValue, close };
}

function once<T>(create: () => T): () => T {
  let created: { value: T } | undefined;
  return () => {
    created ??= { value: create() };
    return created.value;
  };
}

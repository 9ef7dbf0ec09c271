import { createInProcessKeyValueStore, type KeyValueStore } from '@souk/key-value';
import { type Broker, createInProcessBroker } from '@souk/messaging';
import {
  type Clock,
  createHealth,
  createMetrics,
  createPool,
  type Logger,
  loadSettings,
  newId,
  type Pool,
  type RunningService,
  type ServiceContext,
  type ServiceDefinition,
  startService,
  systemClock,
} from '@souk/service-runtime';
import { silentLogger } from './silent-logger.ts';
import type { TestDatabase } from './test-database.ts';

/** INTERNAL_SECRET of services under test. */
export const TEST_INTERNAL_SECRET = 'test-internal-secret-of-at-least-32-bytes';

// Short intervals, so that no test waits for seconds; each can be overridden by `env`.
const TEST_ENVIRONMENT = {
  PORT: '0',
  OPS_PORT: '0',
  LOG_LEVEL: 'silent',
  INTERNAL_SECRET: TEST_INTERNAL_SECRET,
  RATE_LIMIT_ENABLED: 'false',
  RETRY_DELAYS_MS: '0,20,40,80,160',
  SWEEP_INTERVAL_MS: '100',
  SAGA_REDRIVE_AFTER_MS: '2000',
  SHUTDOWN_GRACE_MS: '5000',
  // Never connected to: the in-process adapters are the default.
  AMQP_URL: 'amqp://127.0.0.1:1',
  REDIS_URL: 'redis://127.0.0.1:1',
};

export interface TestContextOptions {
  /** Needed by services with a database. */
  database?: TestDatabase;
  /** Environment variables, over the defaults for tests. */
  env?: Record<string, string>;
  broker?: Broker;
  keyValue?: KeyValueStore;
  clock?: Clock;
  newId?: () => string;
  logger?: Logger;
}

export type TestContext<C> = ServiceContext<C> & {
  /** Releases the pool, and the broker and the key-value store unless they were handed in. */
  close(): Promise<void>;
};

/** The settings of a service under test do not fit its definition. */
export class TestSettingsError extends Error {
  constructor(service: string, problems: string[]) {
    super(`Settings of ${service} for this test: ${problems.join('; ')}`);
    this.name = 'TestSettingsError';
  }
}

function readConfig<C>(definition: ServiceDefinition<C>, { database, env }: TestContextOptions): C {
  const urls =
    database === undefined ? {} : { DATABASE_URL: database.appUrl, MIGRATION_DATABASE_URL: database.ownerUrl };
  const loaded = loadSettings(definition.settings, { ...TEST_ENVIRONMENT, ...urls, ...env });
  if (!loaded.ok) throw new TestSettingsError(definition.name, loaded.problems);
  return loaded.config;
}

function poolFor(database: TestDatabase | undefined, name: string, logger: Logger): Pool | undefined {
  if (database === undefined) return undefined;
  return createPool({ url: database.appUrl, max: 10, applicationName: `souk test ${name}`, logger });
}

/**
 * What a service is given when it runs, for tests: a real pool on `database`, broker and key-value store in process. It
 * listens to nothing.
 */
export function testContext<C>(definition: ServiceDefinition<C>, options: TestContextOptions = {}): TestContext<C> {
  const { clock = systemClock, logger = silentLogger() } = options;
  const config = readConfig(definition, options);
  const pool = poolFor(options.database, definition.name, logger);
  const broker = options.broker ?? createInProcessBroker({ retryDelaysMs: [0, 20, 40, 80, 160], logger });
  const keyValue = options.keyValue ?? createInProcessKeyValueStore({ clock, entriesMax: 10_000 });
  const health = createHealth();
  const noDatabase = () => {
    throw new TestSettingsError(definition.name, ['it uses its database: hand a TestDatabase to testContext']);
  };
  return {
    name: definition.name,
    config,
    logger,
    metrics: createMetrics({ service: definition.name, processMetrics: false }),
    clock,
    newId: options.newId ?? newId,
    get pool() {
      return pool ?? noDatabase();
    },
    broker,
    keyValue,
    health,
    close: async () => {
      health.stop();
      if (options.broker === undefined) await broker.close();
      if (options.keyValue === undefined) await keyValue.close();
      await pool?.end();
    },
  };
}

export interface TestService<C> {
  url: string;
  context: TestContext<C>;
  stop(): Promise<void>;
}

/** Runs a service in the test's own process on a free port, as the embedded run does. */
export async function startTestService<C>(
  definition: ServiceDefinition<C>,
  options: TestContextOptions = {},
): Promise<TestService<C>> {
  const context = testContext(definition, options);
  let running: RunningService;
  try {
    running = await startService(definition, context, { port: 0, host: '127.0.0.1' });
  } catch (error) {
    await context.close();
    throw error;
  }
  return {
    url: running.url,
    context,
    stop: async () => {
      await running.stop();
      await context.close();
    },
  };
}

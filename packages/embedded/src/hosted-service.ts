import type { KeyValueStore } from '@souk/key-value';
import type { Broker } from '@souk/messaging';
import {
  createServiceContext,
  type Environment,
  type Logger,
  loadSettings,
  migrate,
  type RunningService,
  type ServiceDefinition,
  startService,
} from '@souk/service-runtime';
import type { DatabaseUrls } from './environment.ts';
import type { PortName } from './layout.ts';
import { StartError } from './start-error.ts';

/** What a hosted service is given. Without broker or key-value store it connects to the real ones of its settings. */
export interface Hosting {
  env: Environment;
  host: string;
  port: number;
  logger: Logger;
  broker: Broker | undefined;
  keyValue: KeyValueStore | undefined;
}

/** A service of the one-process run, whatever the type of its config. */
export interface HostedService {
  name: PortName & string;
  /** Name of its database. */
  database: string | undefined;
  migrate(urls: DatabaseUrls, logger: Logger): Promise<string[]>;
  /** Writes the demonstration content, as the database's owner. */
  seed(hosting: Hosting, urls: DatabaseUrls | undefined): Promise<void>;
  start(hosting: Hosting): Promise<RunningService>;
}

function configOf<C>(definition: ServiceDefinition<C>, env: Environment): C {
  const loaded = loadSettings(definition.settings, env);
  if (loaded.ok) return loaded.config;
  throw new StartError(`Settings of ${definition.name}: ${loaded.problems.join('; ')}`);
}

function contextOf<C>(definition: ServiceDefinition<C>, hosting: Hosting, databaseUrl?: string) {
  const { broker, keyValue, logger } = hosting;
  return createServiceContext(definition, configOf(definition, hosting.env), {
    logger,
    ...(broker === undefined ? {} : { broker }),
    ...(keyValue === undefined ? {} : { keyValue }),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
  });
}

/** Hides the type of a service's config, so that all services fit in one list. */
export function hostService<C>(
  definition: ServiceDefinition<C>,
  name: PortName & string,
  database?: string,
): HostedService {
  return {
    name,
    database,
    migrate: async (urls, logger) => {
      const { applied } = await migrate({ ...urls, migrations: definition.migrations ?? [], logger });
      return applied;
    },
    seed: async (hosting, urls) => {
      if (definition.seed === undefined) return;
      const context = contextOf(definition, hosting, urls?.ownerUrl);
      try {
        await definition.seed(context);
      } finally {
        await context.close();
      }
    },
    start: async (hosting) => {
      const context = contextOf(definition, hosting);
      try {
        const running = await startService(definition, context, { port: hosting.port, host: hosting.host });
        const stop = async () => {
          await running.stop();
          await context.close();
        };
        return { ...running, stop };
      } catch (error) {
        await context.close();
        throw error;
      }
    },
  };
}

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInProcessKeyValueStore, type KeyValueStore } from '@souk/key-value';
import { type Broker, createInProcessBroker } from '@souk/messaging';
import { type PostgresServer, startPostgresServer } from '@souk/postgres-server';
import { brokerSettings, type Environment, loadSettings, type RunningService } from '@souk/service-runtime';
import { createDataFolder, readState, resetDataFolder, writeState } from './data-folder.ts';
import { lockDataFolder } from './data-lock.ts';
import { createDatabases } from './databases.ts';
import { behindGateway, type DatabaseUrls, platformEnvironment, serviceEnvironment } from './environment.ts';
import type { HostedService, Hosting } from './hosted-service.ts';
import { choosePorts, type Ports } from './layout.ts';
import { openPlatformLog, type PlatformLog } from './platform-log.ts';
import type { Progress } from './progress.ts';
import { waitUntilReady } from './readiness.ts';
import { loadSecrets, type Secrets } from './secrets.ts';
import { HOSTED_SERVICES } from './services.ts';
import { StartError } from './start-error.ts';

export interface PlatformOptions {
  /** Where everything that outlives a run is kept; absolute. */
  folder: string;
  env: Environment;
  /** Begins with empty data. */
  reset: boolean;
  progress: Progress;
}

export interface RunningPlatform {
  ports: Ports;
  folder: string;
  logPlace: string;
  /** Settles with a sentence when the platform cannot go on, because its database has ended. */
  failed: Promise<string>;
  stop(): Promise<void>;
}

/** What has been started so far and has to be stopped, last things first. */
class Shutdown {
  readonly #steps: (() => Promise<void> | void)[] = [];
  add(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }
  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        process.stderr.write(`While stopping: ${error instanceof Error ? error.message : error}\n`);
      }
    }
  }
}

interface Foundation {
  folder: string;
  ports: Ports;
  secrets: Secrets;
  log: PlatformLog;
  shared: Environment;
  progress: Progress;
  shutdown: Shutdown;
}

/**
 * Runs the six services in this process over PostgreSQL from npm, with broker and key-value store in process unless
 * AMQP_URL and REDIS_URL name real ones. Throws, having stopped what it had started.
 */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  const shutdown = new Shutdown();
  try {
    const foundation = await layFoundation(options, shutdown);
    const { folder, ports, log, progress } = foundation;
    const server = await progress.step('Starting PostgreSQL', () => startDatabaseServer(foundation));
    shutdown.add(() => server.stop());
    const urls = await progress.step('Preparing five databases', () => prepareDatabases(foundation, server));
    const hostingOf = createHosting(foundation, urls);
    await seedOnce(foundation, hostingOf, urls);
    await progress.step('Starting six services', () => startServices(foundation, hostingOf));
    announce(foundation, server);
    let stopping = false;
    const failed = server.ended.then(() =>
      stopping ? new Promise<string>(() => {}) : `PostgreSQL ended; its log is ${join(folder, 'logs', 'postgres.log')}`,
    );
    const stop = () => {
      stopping = true;
      return shutdown.run();
    };
    return { ports, folder, logPlace: log.place, failed, stop };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

async function layFoundation(options: PlatformOptions, shutdown: Shutdown): Promise<Foundation> {
  const { folder, env, progress } = options;
  createDataFolder(folder);
  const lock = lockDataFolder(folder);
  shutdown.add(() => lock.release());
  const ports = await choosePorts(env.SOUK_PORT_BASE);
  if (options.reset) await progress.step('Emptying the data folder', () => resetDataFolder(folder, progress.note));
  const secrets = loadSecrets(folder);
  const log = openPlatformLog(folder, env);
  shutdown.add(() => log.close());
  const base = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const shared = platformEnvironment({ base, folder, ports, secrets });
  return { folder, ports, secrets, log, shared: { ...shared, SOUK_HOST: base.SOUK_HOST }, progress, shutdown };
}

function startDatabaseServer({ folder, secrets, progress }: Foundation): Promise<PostgresServer> {
  return startPostgresServer({
    folder: join(folder, 'postgres'),
    password: secrets.postgresPassword,
    logFile: join(folder, 'logs', 'postgres.log'),
    settings: { max_connections: '120' },
    report: progress.note,
  });
}

async function prepareDatabases(
  { secrets, log }: Foundation,
  server: PostgresServer,
): Promise<Map<string, DatabaseUrls>> {
  const names = HOSTED_SERVICES.flatMap(({ database }) => database ?? []);
  const urls = await createDatabases({ serverUrl: server.url, names, password: secrets.databasePassword });
  await Promise.all(
    HOSTED_SERVICES.map(async (service) => {
      const own = service.database === undefined ? undefined : urls.get(service.database);
      if (own !== undefined) await service.migrate(own, log.loggerFor(service.name));
    }),
  );
  return urls;
}

type HostingOf = (service: HostedService) => Hosting;

function createHosting({ shared, ports, log, shutdown }: Foundation, urls: Map<string, DatabaseUrls>): HostingOf {
  const broker = shared.AMQP_URL === 'amqp://in-process' ? createBroker(shared, log) : undefined;
  const keyValue: KeyValueStore | undefined =
    shared.REDIS_URL === 'redis://in-process' ? createInProcessKeyValueStore() : undefined;
  shutdown.add(() => broker?.close());
  shutdown.add(() => keyValue?.close());
  return (service) => {
    const database = service.database === undefined ? undefined : urls.get(service.database);
    const env = serviceEnvironment(shared, ports[service.name], database);
    return {
      env: service.name === 'user-service' ? behindGateway(env) : env,
      // The demonstration's passwords are known to everybody: nobody from outside, unless it is asked for.
      host: shared.SOUK_HOST ?? '127.0.0.1',
      port: ports[service.name],
      logger: log.loggerFor(service.name),
      broker,
      keyValue,
    };
  };
}

function createBroker(shared: Environment, log: PlatformLog): Broker {
  const loaded = loadSettings({ retryDelaysMs: brokerSettings.retryDelaysMs }, shared);
  if (!loaded.ok) throw new StartError(loaded.problems.join('; '));
  return createInProcessBroker({ retryDelaysMs: loaded.config.retryDelaysMs, logger: log.loggerFor('broker') });
}

async function seedOnce(
  { folder, shared, progress }: Foundation,
  hostingOf: HostingOf,
  urls: Map<string, DatabaseUrls>,
): Promise<void> {
  if (shared.SEED_DEMO_DATA !== 'true' || readState(folder).seededAt !== undefined) return;
  await progress.step('Writing the demonstration catalog and accounts', async () => {
    await Promise.all(
      HOSTED_SERVICES.map((service) => service.seed(hostingOf(service), urls.get(service.database ?? ''))),
    );
  });
  writeState(folder, { seededAt: new Date().toISOString() });
}

async function startServices({ shutdown, ports }: Foundation, hostingOf: HostingOf): Promise<void> {
  const running: RunningService[] = [];
  shutdown.add(async () => {
    await running.pop()?.stop(); // the only public door closes first
    await Promise.all(running.map((service) => service.stop()));
  });
  // All others ask the first one for its keys at once, and would have to wait for their second try.
  const [identity, ...others] = HOSTED_SERVICES;
  if (identity !== undefined) running.push(await identity.start(hostingOf(identity)));
  const results = await Promise.allSettled(others.map((service) => service.start(hostingOf(service))));
  running.push(...results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  await waitUntilReady(ports);
}

/** Tells tools and tests beside this process where the running platform is; no secret is in it. */
function announce({ folder, ports, shutdown }: Foundation, server: PostgresServer): void {
  const path = join(folder, 'platform.json');
  writeFileSync(path, `${JSON.stringify({ pid: process.pid, ports, postgresPort: server.port }, null, 2)}\n`);
  shutdown.add(() => rmSync(path, { force: true }));
}

import { migrate } from '../database/migrate.ts';
import { assertSchemaIsCurrent } from '../database/schema-version.ts';
import { createLogger } from '../logger.ts';
import { type Environment, loadSettings, maskSettings } from '../settings/load-settings.ts';
import { commonSettings, databaseSettings } from '../settings/platform-settings.ts';
import { startTracing, type Tracing } from '../trace/spans.ts';
import { createServiceContext, type OwnedContext, type PlatformConfig } from './context.ts';
import type { ServiceDefinition } from './service.ts';
import { startService } from './start-service.ts';
import { untilDatabaseAnswers } from './until-database-answers.ts';

/** How long a process that was told to stop still answers while it is not ready (Kubernetes adds preStop's 5 s in front). */
const DRAIN_DELAY_MS = 2_000;

/** The process cannot start; the lines say why, one problem each. */
class StartError extends Error {
  override readonly name = 'StartError';
  readonly lines: readonly string[];
  constructor(lines: readonly string[], options?: ErrorOptions) {
    super(lines.join('; '), options);
    this.lines = lines;
  }
}

/**
 * The whole of a service's main.ts: `main.js [serve]`, `migrate`, `seed` or a command of the definition. Exits with 0 after
 * a clean stop, 1 when it could not start or a command failed, 2 for an unknown command.
 */
export function runService<C>(definition: ServiceDefinition<C>): void {
  const [command = 'serve', ...args] = process.argv.slice(2);
  run(definition, command, args).then(
    (exitCode) => exit(exitCode),
    (error: unknown) => {
      for (const line of linesOf(error)) process.stderr.write(`${definition.name}: ${line}\n`);
      exit(1);
    },
  );
}

function exit(exitCode: number): void {
  // The logger writes asynchronously and flushes when the process exits.
  process.exit(exitCode);
}

async function run<C>(definition: ServiceDefinition<C>, command: string, args: string[]): Promise<number> {
  if (command === 'serve') return await serve(definition);
  if (command === 'migrate' && definition.migrations !== undefined) return await runMigrate(definition);
  if (command === 'seed' && definition.seed !== undefined) return await seed(definition);
  const custom = Object.hasOwn(definition.commands ?? {}, command) ? definition.commands?.[command] : undefined;
  if (custom !== undefined) return await withContext(definition, {}, (context) => custom(context, args));
  process.stderr.write(
    `${definition.name}: unknown command ${command}; expected one of ${commandsOf(definition).join(', ')}\n`,
  );
  return 2;
}

function commandsOf<C>(definition: ServiceDefinition<C>): string[] {
  return [
    'serve',
    ...(definition.migrations === undefined ? [] : ['migrate']),
    ...(definition.seed === undefined ? [] : ['seed']),
    ...Object.keys(definition.commands ?? {}),
  ];
}

async function serve<C>(definition: ServiceDefinition<C>): Promise<number> {
  const config = readConfig(definition, process.env);
  const context = createServiceContext(definition, config);
  const { logger } = context;
  logger.info({ settings: maskSettings(definition.settings, config), node: process.version }, 'Loaded settings');
  watchProcess(context);
  const tracing = await traceWhenAsked(context);
  // Listened for from here on: a signal that comes during the start must not kill half a service.
  const signalled = stopSignal();
  const running = await startService(definition, context, { drainDelayMs: DRAIN_DELAY_MS });
  const signal = await signalled;
  logger.info({ signal }, 'Received signal');
  // A second signal is somebody who does not want to wait.
  void stopSignal().then(() => exit(1));
  await running.stop();
  await Promise.all([context.close(), tracing?.stop()]);
  return 0;
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}

/** A rejection nobody waited for is a bug but no reason to drop every request; after an exception the state is unknown. */
function watchProcess<C>({ logger, metrics }: OwnedContext<C>): void {
  const unhandled = metrics.counter('souk_process_unhandled_total', 'Errors that nobody caught: bugs', ['kind']);
  process.on('unhandledRejection', (error) => {
    unhandled.inc({ kind: 'rejection' });
    logger.error({ error }, 'Unhandled rejection');
  });
  process.on('uncaughtException', (error) => {
    unhandled.inc({ kind: 'exception' });
    logger.fatal({ error }, 'Uncaught exception');
    exit(1);
  });
}

async function traceWhenAsked<C>({ config, logger, name }: OwnedContext<C>): Promise<Tracing | undefined> {
  const endpoint = (config as PlatformConfig).otlpEndpoint;
  return endpoint === undefined ? undefined : await startTracing({ service: name, endpoint, logger });
}

/** The job that migrates has no broker and no secret: only what it needs is read. */
async function runMigrate<C>(definition: ServiceDefinition<C>): Promise<number> {
  const loaded = loadSettings({ ...commonSettings, ...databaseSettings }, process.env);
  if (!loaded.ok) throw new StartError(loaded.problems);
  const { databaseUrl, logFormat, logLevel } = loaded.config;
  const logger = createLogger({ service: definition.name, level: logLevel, format: logFormat });
  const ownerUrl = requireOwnerUrl(loaded.config.migrationDatabaseUrl, 'migrate');
  const migrations = definition.migrations ?? [];
  const { applied } = await untilDatabaseAnswers(() => migrate({ ownerUrl, appUrl: databaseUrl, migrations, logger }), {
    logger,
  });
  logger.info({ applied: applied.length }, 'Migrated database');
  return 0;
}

async function seed<C>(definition: ServiceDefinition<C>): Promise<number> {
  const { config } = loadOrThrow(definition, process.env);
  const databaseUrl = requireOwnerUrl((config as PlatformConfig).migrationDatabaseUrl, 'seed');
  return await withContext(definition, { databaseUrl }, async (context) => {
    const { migrations = [] } = definition;
    await untilDatabaseAnswers(() => assertSchemaIsCurrent(context.pool, migrations), context);
    await definition.seed?.(context);
    context.logger.info('Seeded database');
    return 0;
  });
}

function requireOwnerUrl(url: string | undefined, command: string): string {
  if (url === undefined) {
    throw new StartError([`MIGRATION_DATABASE_URL is missing: ${command} works as the owner of the database`]);
  }
  return url;
}

async function withContext<C>(
  definition: ServiceDefinition<C>,
  overrides: { databaseUrl?: string },
  fn: (context: OwnedContext<C>) => Promise<number>,
): Promise<number> {
  const { config } = loadOrThrow(definition, process.env);
  const context = createServiceContext(definition, config, overrides);
  try {
    return await fn(context);
  } finally {
    await context.close();
  }
}

function readConfig<C>(definition: ServiceDefinition<C>, env: Environment): C {
  return loadOrThrow(definition, env).config;
}

function loadOrThrow<C>(definition: ServiceDefinition<C>, env: Environment): { config: C } {
  const loaded = loadSettings(definition.settings, env);
  if (!loaded.ok) throw new StartError(loaded.problems);
  return loaded;
}

function linesOf(error: unknown): readonly string[] {
  if (error instanceof StartError) return error.lines;
  if (!(error instanceof Error)) return [String(error)];
  if ('code' in error && error.code === 'EADDRINUSE' && 'port' in error)
    return [`port ${String(error.port)} is in use`];
  // An AggregateError of two refused addresses has an empty message of its own.
  if (error instanceof AggregateError && error.message === '') return [linesOf(error.errors[0])[0] ?? error.name];
  return [error.message];
}

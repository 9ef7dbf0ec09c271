import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { createDatabaseCheck, type DatabaseCheck } from '../database/database-check.ts';
import { assertSchemaIsCurrent } from '../database/schema-version.ts';
import { HealthCheckError } from '../health.ts';
import { type NodeListener, type RunningNodeServer, startNodeServer } from '../http-server.ts';
import type { Worker } from '../worker.ts';
import type { PlatformConfig } from './context.ts';
import { type DeadlineOptions, deadline } from './deadline.ts';
import type { HttpEntry, RunningService, ServiceApp, ServiceContext, ServiceDefinition } from './service.ts';

export interface StartOptions {
  /** Instead of the config's; 0 lets the system choose. */
  port?: number;
  host?: string;
  /** How long a stopping service still serves while it is not ready, so that balancers look elsewhere. Default 0. */
  drainDelayMs?: number;
}

/** A database that is gone does not answer a goodbye. */
const CHECK_CLOSE_MS = 500;
/** How long startService waits for workers that wait for something themselves; they go on in the background. */
const WORKERS_START_MS = 500;
const SCHEMA_RETRY_MS = 1_000;
/** Kept from the grace time for closing pool and broker and for the exit itself. */
const RESOURCES_MS = 3_000;

/**
 * Runs a service in this process: listens, then starts its workers as soon as the database has the schema that this build
 * needs. Readiness is off until then. Rejects when the port is taken. The context stays the caller's: stop() does not
 * close it, and nothing here ends the process.
 */
export async function startService<C>(
  definition: ServiceDefinition<C>,
  context: ServiceContext<C>,
  options: StartOptions = {},
): Promise<RunningService> {
  const platform: PlatformConfig = context.config as PlatformConfig;
  const { host } = options;
  const app = await definition.createApp(context);
  const stopping = new AbortController();
  const database = definition.needs.database ? createDatabaseCheck(context.pool) : undefined;
  const schema = createSchemaGate(definition, context, database);
  const server = await listen(app.http, { port: options.port ?? platform.port ?? 0, host });
  const ops = await listenBeside(server, app.opsHttp, { port: platform.opsPort ?? 0, host });
  const workers = startWorkers(app.workers, { context, schema, signal: stopping.signal });
  await Promise.race([workers.started, sleep(WORKERS_START_MS, undefined, { ref: false })]);
  context.logger.info({ port: server.port }, 'Started service');

  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopping.abort();
    return shutDown({
      app,
      context,
      options,
      servers: ops === undefined ? [server] : [server, ops],
      stopWorkers: workers.stop,
    }).finally(() =>
      database === undefined ? undefined : deadline({ name: 'database check' }, closing(database, context)),
    );
  };
  return {
    port: server.port,
    ...(ops === undefined ? {} : { opsPort: ops.port }),
    url: `http://${host === undefined || host === '::' || host === '0.0.0.0' ? 'localhost' : host}:${server.port}`,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

interface Address {
  port: number;
  host: string | undefined;
}

function listen(entry: HttpEntry, address: Address): Promise<RunningNodeServer> {
  return startNodeServer({ listener: listenerOf(entry), ...address });
}

async function listenBeside(
  server: RunningNodeServer,
  entry: HttpEntry | undefined,
  address: Address,
): Promise<RunningNodeServer | undefined> {
  if (entry === undefined) return undefined;
  try {
    return await listen(entry, address);
  } catch (error) {
    await server.close(0);
    throw error;
  }
}

function listenerOf(entry: HttpEntry): NodeListener {
  if (entry.listener !== undefined) return entry.listener;
  const listener = getRequestListener((request, env) => entry.fetch(request, { ...env }));
  return (request, response) => void listener(request, response);
}

function closing<C>(database: DatabaseCheck, { logger }: ServiceContext<C>): DeadlineOptions {
  return { run: database.close, timeoutMs: CHECK_CLOSE_MS, logger };
}

type SchemaGate = () => Promise<void>;

/**
 * Asks for the schema until the answer is yes and never again: a schema does not grow younger. From then on readiness asks
 * whether the database answers at all.
 */
function createSchemaGate<C>(
  definition: ServiceDefinition<C>,
  context: ServiceContext<C>,
  database: DatabaseCheck | undefined,
): SchemaGate {
  const { migrations = [], needs } = definition;
  let current = !needs.database || migrations.length === 0;
  const gate = async () => {
    if (current) return;
    try {
      await assertSchemaIsCurrent(context.pool, migrations);
    } catch (error) {
      throw error instanceof HealthCheckError
        ? error
        : new HealthCheckError('the database has not answered yet', { cause: error });
    }
    current = true;
  };
  context.health.addCheck('schema', gate);
  if (database !== undefined) context.health.addCheck('database', database.check);
  return gate;
}

interface WorkersOptions<C> {
  context: ServiceContext<C>;
  schema: SchemaGate;
  signal: AbortSignal;
}

function startWorkers<C>(workers: readonly Worker[], options: WorkersOptions<C>) {
  const { context, schema, signal } = options;
  const running: Worker[] = [];
  const start = async () => {
    await passGate(schema, { context, signal });
    if (signal.aborted) return;
    const starts = workers.map(async (worker) => {
      running.push(worker);
      await worker.start();
    });
    const results = await Promise.allSettled(starts);
    results.forEach((result, index) => {
      if (result.status === 'rejected') {
        context.logger.error({ error: result.reason, worker: workers[index]?.name }, 'Worker failed to start');
      }
    });
  };
  return { started: start(), stop: () => running.splice(0).reverse() };
}

async function passGate<C>(
  schema: SchemaGate,
  options: { context: ServiceContext<C>; signal: AbortSignal },
): Promise<void> {
  const { context, signal } = options;
  let told = '';
  while (!signal.aborted) {
    try {
      await schema();
      return;
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      if (reason !== told) context.logger.warn({ reason }, 'Waiting for the database before the workers start');
      told = reason;
    }
    await sleep(SCHEMA_RETRY_MS, undefined, { ref: false, signal }).catch(() => undefined);
  }
}

interface ShutDownOptions<C> {
  app: ServiceApp;
  context: ServiceContext<C>;
  options: StartOptions;
  servers: readonly RunningNodeServer[];
  stopWorkers: () => Worker[];
}

/** Readiness off → drain delay → workers in reverse → servers. Each step has its own share of the grace time. */
async function shutDown<C>({ context, options, servers, stopWorkers }: ShutDownOptions<C>): Promise<void> {
  const { health, logger } = context;
  const graceMs = (context.config as PlatformConfig).shutdownGraceMs ?? 25_000;
  const { drainDelayMs = 0 } = options;
  health.draining = true;
  for (const server of servers) server.drain();
  logger.info({ graceMs }, 'Stopping service');
  const delayMs = Math.min(drainDelayMs, graceMs / 4);
  if (delayMs > 0) await sleep(delayMs);
  const leftMs = Math.max(500, graceMs - delayMs - RESOURCES_MS);
  const endsAt = performance.now() + leftMs;
  // Half of what is left for the workers together: requests in flight need the other half.
  const workersEndAt = performance.now() + leftMs / 2;
  for (const worker of stopWorkers()) {
    // One that hangs leaves time for the others.
    const timeoutMs = Math.max(100, Math.min(leftMs / 6, workersEndAt - performance.now()));
    await deadline(worker, { run: () => worker.stop(), timeoutMs, logger });
  }
  const closeMs = Math.max(100, endsAt - performance.now());
  await Promise.all(servers.map((server) => server.close(closeMs)));
  logger.info('Stopped service');
}

import { createHash } from 'node:crypto';
import {
  createTestDatabase,
  silentLogger,
  startTestService,
  type TestDatabase,
  testContext,
  waitFor,
} from '@souk/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../database/migrate.ts';
import { commonSettings, databaseSettings } from '../settings/platform-settings.ts';
import { defineSettings, portSetting, type SettingsOf } from '../settings/setting.ts';
import type { Worker } from '../worker.ts';
import { createServiceContext } from './context.ts';
import type { RunningService, ServiceContext, ServiceDefinition } from './service.ts';
import { startService } from './start-service.ts';

const settings = defineSettings({
  ...commonSettings,
  ...databaseSettings,
  port: portSetting(0),
  opsPort: portSetting(0, 'OPS_PORT'),
});
type Config = SettingsOf<typeof settings>;

const sql = 'CREATE TABLE notes (id integer PRIMARY KEY)';
const migrations = [{ name: '20260101000000_create', sql, checksum: createHash('sha256').update(sql).digest('hex') }];

let database: TestDatabase;
let events: string[] = [];
const started: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((service) => service.stop()));
  events = [];
});
afterAll(() => database.drop());

function aWorker(name: string, overrides: Partial<Worker> = {}): Worker {
  return {
    name,
    start: () => void events.push(`start ${name}`),
    stop: async () => void events.push(`stop ${name}`),
    ...overrides,
  };
}

function aService(
  workers: Worker[],
  createMore: (context: ServiceContext<Config>) => object = () => ({}),
): ServiceDefinition<Config> {
  return {
    name: 'note-service',
    settings,
    needs: { database: true },
    migrations,
    createApp: (context) => ({
      http: { fetch: async (request) => new Response(`fetch ${new URL(request.url).pathname}`) },
      workers,
      ...createMore(context),
    }),
  };
}

async function startedService(definition: ServiceDefinition<Config>, env: Record<string, string> = {}) {
  const service = await startTestService(definition, { database, env });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= service.stop();
    return stopped;
  };
  started.push({ stop });
  return { ...service, stop };
}

describe('a service inside another process', () => {
  it('waits with its workers until the database has the schema of the build', async () => {
    const service = await startedService(aService([aWorker('a'), aWorker('b')]));
    expect(await (await fetch(`${service.url}/x`)).text()).toBe('fetch /x');
    expect(events).toEqual([]);
    expect((await service.context.health.readiness()).checks.schema).toContain('older than this build needs');
    await migrate({ ownerUrl: database.ownerUrl, appUrl: database.appUrl, migrations, logger: silentLogger() });
    await waitFor(() => events.length === 2);
    expect(await service.context.health.readiness()).toEqual({ ready: true, checks: { schema: 'ok', database: 'ok' } });
  });

  it('is not ready while the database takes no connection, lives on, and is ready again by itself', async () => {
    const service = await startedService(aService([]));
    const name = new URL(database.appUrl).pathname.slice(1);
    const readiness = () => service.context.health.readiness();
    expect((await readiness()).checks.database).toBe('ok');
    // Opens the connection that ends the others before no new one is let in.
    await database.pool.query('SELECT 1');
    await database.ownerPool.query(`ALTER DATABASE "${name}" CONNECTION LIMIT 0`);
    try {
      const others = 'usename = current_user AND pid <> pg_backend_pid()';
      await database.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${others}`);
      await waitFor(async () => !(await readiness()).ready);
      expect((await readiness()).checks.database).toBe('the database does not answer');
      expect(service.context.health.live()).toBe(true);
    } finally {
      await database.ownerPool.query(`ALTER DATABASE "${name}" CONNECTION LIMIT -1`);
    }
    await waitFor(async () => (await readiness()).ready);
  });

  it('starts its workers in order and stops them in reverse, once', async () => {
    const service = await startedService(aService([aWorker('a'), aWorker('b'), aWorker('c')]));
    expect(events).toEqual(['start a', 'start b', 'start c']);
    await service.stop();
    expect(events.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
    expect(service.context.health.draining).toBe(true);
  });

  it('goes on when a worker fails to start, and stops although one hangs or fails', async () => {
    const failing = aWorker('failing', { start: () => Promise.reject(new RangeError('no')) });
    const throwing = aWorker('throwing', { stop: () => Promise.reject(new RangeError('no')) });
    const hanging = aWorker('hanging', { stop: () => new Promise(() => {}) });
    const service = await startedService(aService([aWorker('a'), throwing, hanging, failing]), {
      SHUTDOWN_GRACE_MS: '10000',
    });
    expect(events).toEqual(['start a', 'start throwing', 'start hanging']);
    const startedAt = performance.now();
    await service.stop();
    expect(performance.now() - startedAt).toBeLessThan(9_000);
    expect(events).toContain('stop a');
  });

  it('does not wait for a worker that waits for something itself', async () => {
    const waiting = aWorker('waiting', { start: () => new Promise(() => {}) });
    const startedAt = performance.now();
    await startedService(aService([waiting, aWorker('next')]));
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(events).toEqual(['start next']);
  });

  it('serves a listener of node’s own and a second port', async () => {
    const definition = aService([], () => ({
      http: {
        fetch: () => new Response('fetch'),
        listener: (_request: unknown, response: { end(text: string): void }) => response.end('listener'),
      },
      opsHttp: { fetch: () => new Response('operations') },
    }));
    const context = testContext(definition, { database });
    const running: RunningService = await startService(definition, context, { port: 0, host: '127.0.0.1' });
    started.push({ stop: () => running.stop().then(() => context.close()) });
    expect(await (await fetch(running.url)).text()).toBe('listener');
    expect(await (await fetch(`http://127.0.0.1:${running.opsPort}`)).text()).toBe('operations');
  });

  it('leaves nothing listening when its second port is taken', async () => {
    const first = await startedService(aService([]));
    const taken = new URL(first.url).port;
    const definition = aService([], () => ({ opsHttp: { fetch: () => new Response('operations') } }));
    await expect(startedService(definition, { OPS_PORT: taken })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('what a service is given', () => {
  const config = { databaseUrl: 'postgresql://nobody@127.0.0.1:1/none', databasePoolMax: 3 } as Config;

  it('exists only where the definition needs it', async () => {
    const context = createServiceContext({ ...aService([]), needs: {} }, config, { logger: silentLogger() });
    expect(() => context.pool).toThrow('note-service uses a database that its definition does not need');
    expect(() => context.broker).toThrow('does not need');
    expect(() => context.keyValue).toThrow('does not need');
    await context.close();
  });

  it('needs its settings', async () => {
    const definition = { ...aService([]), needs: { broker: true, keyValue: true } };
    const context = createServiceContext(definition, config, { logger: silentLogger() });
    expect(() => context.broker).toThrow('lacks brokerSettings');
    expect(() => context.keyValue).toThrow('lacks redisSettings');
    await context.close();
  });

  it('is opened when it is first used, counted, and closed with the context', async () => {
    const context = createServiceContext(
      aService([]),
      { ...config, databaseUrl: database.appUrl },
      { logger: silentLogger() },
    );
    const { pool } = context;
    expect(context.pool).toBe(pool);
    await pool.query('SELECT 1');
    const text = await context.metrics.registry.metrics();
    expect(text).toContain('db_client_connection_count{state="idle",service="note-service"} 1');
    expect(text).toContain('db_client_connection_max{service="note-service"} 3');
    expect(context.newId()).not.toBe(context.newId());
    expect(context.clock.now()).toBeInstanceOf(Date);
    await context.close();
    await expect(pool.query('SELECT 1')).rejects.toThrow();
  });
});

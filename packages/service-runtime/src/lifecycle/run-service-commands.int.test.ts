import { createHash } from 'node:crypto';
import { freePort } from '@souk/postgres-server';
import { createTestDatabase, type TestDatabase, waitFor } from '@souk/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { commonSettings, databaseSettings } from '../settings/platform-settings.ts';
import { defineSettings, portSetting, type SettingsOf } from '../settings/setting.ts';
import { runService } from './run-service.ts';
import type { ServiceDefinition } from './service.ts';

// What main.ts of a service does, in this process: run-service.int.test.ts sees it from outside, as an operator does.
const settings = defineSettings({ ...commonSettings, ...databaseSettings, port: portSetting(0) });
const sql = 'CREATE TABLE notes (id integer PRIMARY KEY)';
const commanded: string[][] = [];

const definition: ServiceDefinition<SettingsOf<typeof settings>> = {
  name: 'note-service',
  settings,
  needs: { database: true },
  migrations: [{ name: '20260101000000_create', sql, checksum: createHash('sha256').update(sql).digest('hex') }],
  createApp: () => ({ http: { fetch: async () => new Response('noted') }, workers: [] }),
  seed: async ({ pool }) => void (await pool.query('INSERT INTO notes VALUES (1)')),
  commands: {
    count: async (_context, args) => {
      commanded.push([...args]);
      return 3;
    },
    refuse: () => Promise.reject('nothing but text'),
    aggregate: () => Promise.reject(new AggregateError([new RangeError('refused on ::1')], '')),
  },
};

const EVENTS = ['SIGTERM', 'SIGINT', 'unhandledRejection', 'uncaughtException'] as const;
let database: TestDatabase;
let before: Map<string, unknown[]>;
let exits: number[];
let said: string[];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  exits = [];
  said = [];
  before = new Map(EVENTS.map((event) => [event, process.listeners(event as 'SIGTERM')]));
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    exits.push(Number(code));
    return undefined as never;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  vi.stubEnv('DATABASE_URL', database.appUrl);
  vi.stubEnv('MIGRATION_DATABASE_URL', database.ownerUrl);
  vi.stubEnv('LOG_LEVEL', 'silent');
  vi.stubEnv('SHUTDOWN_GRACE_MS', '2000');
});
afterEach(() => {
  for (const event of EVENTS) for (const listener of added(event)) process.off(event, listener);
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** The listeners that the service has added to this process. */
function added(event: (typeof EVENTS)[number]): ((...args: unknown[]) => void)[] {
  const all = process.listeners(event as 'SIGTERM') as unknown as ((...args: unknown[]) => void)[];
  return all.filter((listener) => !before.get(event)?.includes(listener));
}

async function run(...args: string[]): Promise<{ code: number | undefined; said: string }> {
  const argv = process.argv;
  process.argv = ['node', 'main.ts', ...args];
  try {
    runService(definition);
    await waitFor(() => exits.length > 0);
    return { code: exits[0], said: said.join('') };
  } finally {
    process.argv = argv;
  }
}

describe('the commands of a service', () => {
  it('migrate the database and seed it, as its owner', async () => {
    expect(await run('migrate')).toEqual({ code: 0, said: '' });
    exits = [];
    expect(await run('seed')).toEqual({ code: 0, said: '' });
    expect((await database.pool.query('SELECT id FROM notes')).rows).toEqual([{ id: 1 }]);
  });

  it.each(['migrate', 'seed'])('%s says that it needs the owner’s URL', async (command) => {
    vi.stubEnv('MIGRATION_DATABASE_URL', '');
    expect(await run(command)).toEqual({
      code: 1,
      said: `note-service: MIGRATION_DATABASE_URL is missing: ${command} works as the owner of the database\n`,
    });
  });

  it.each(['migrate', 'seed', 'serve'])(
    '%s says each problem of the settings in a line of its own',
    async (command) => {
      vi.stubEnv('DATABASE_URL', '');
      vi.stubEnv('LOG_LEVEL', 'loud');
      const { code, said: text } = await run(command);
      expect(code).toBe(1);
      expect(text).toMatch(/^note-service: .*DATABASE_URL is missing/m);
      expect(text).toMatch(/^note-service: LOG_LEVEL is not valid/m);
    },
  );

  it('of its own get their arguments and choose the exit code', async () => {
    expect(await run('count', 'so', 'many')).toEqual({ code: 3, said: '' });
    expect(commanded).toEqual([['so', 'many']]);
  });

  it.each(['dance', 'constructor'])('do not include %s', async (command) => {
    expect(await run(command)).toEqual({
      code: 2,
      said: `note-service: unknown command ${command}; expected one of serve, migrate, seed, count, refuse, aggregate\n`,
    });
  });

  it('say why they failed, whatever was thrown', async () => {
    expect(await run('refuse')).toEqual({ code: 1, said: 'note-service: nothing but text\n' });
    exits = [];
    said = [];
    expect(await run('aggregate')).toEqual({ code: 1, said: 'note-service: refused on ::1\n' });
  });
});

describe('a service that serves', () => {
  let url: string;
  async function serve(): Promise<void> {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/`;
    vi.stubEnv('PORT', String(port));
    runService(definition);
    await waitFor(async () => (await fetch(url)).ok);
  }
  const signal = (name: 'SIGTERM' | 'SIGINT') => {
    for (const listener of added(name)) listener(name);
  };

  it('answers until it is told to stop, and ends with 0', async () => {
    await serve();
    expect(await (await fetch(url)).text()).toBe('noted');
    signal('SIGTERM');
    await waitFor(() => exits.length > 0);
    expect(exits).toEqual([0]);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('ends at once at the second signal', async () => {
    vi.stubEnv('SHUTDOWN_GRACE_MS', '20000');
    await serve();
    signal('SIGINT');
    await waitFor(() => added('SIGINT').length > 1);
    signal('SIGINT');
    await waitFor(() => exits.length > 0);
    expect(exits[0]).toBe(1);
    await waitFor(() => exits.length > 1);
  });

  it('counts what nobody caught, and ends after an exception', async () => {
    await serve();
    for (const listener of added('unhandledRejection')) listener(new TypeError('nobody waits for me'));
    expect(exits).toEqual([]);
    for (const listener of added('uncaughtException')) listener(new TypeError('nobody catches me'));
    expect(exits).toEqual([1]);
    signal('SIGTERM');
    await waitFor(() => exits.length > 1);
  });

  it('says in one line that its port is in use, and exports traces to an endpoint that is named', async () => {
    await serve();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1');
    const { code, said: text } = await run('serve');
    expect([code, text]).toEqual([1, `note-service: port ${new URL(url).port} is in use\n`]);
    signal('SIGTERM');
    await waitFor(() => exits.length > 1);
  });
});

// A service as main.ts of a real one: what the runtime does with it is tested from outside, as a process.
import { createHash } from 'node:crypto';
import {
  commonSettings,
  databaseSettings,
  defineSettings,
  portSetting,
  runService,
  type ServiceDefinition,
  type SettingsOf,
  secretSetting,
} from '../src/index.ts';

const settings = defineSettings({
  ...commonSettings,
  ...databaseSettings,
  port: portSetting(0),
  internalSecret: secretSetting('INTERNAL_SECRET', { minBytes: 32, description: 'a key' }),
});

const sql = 'CREATE TABLE notes (id integer PRIMARY KEY, text text NOT NULL)';

const echoService: ServiceDefinition<SettingsOf<typeof settings>> = {
  name: 'echo-service',
  settings,
  needs: { database: true },
  migrations: [{ name: '20260101000000_create_notes', sql, checksum: createHash('sha256').update(sql).digest('hex') }],
  createApp: ({ health, logger, metrics, pool }) => ({
    http: {
      async fetch(request) {
        const { pathname, searchParams } = new URL(request.url);
        if (pathname === '/readyz') {
          const readiness = await health.readiness();
          return Response.json(readiness, { status: readiness.ready ? 200 : 503 });
        }
        if (pathname === '/slow') await new Promise((resolve) => setTimeout(resolve, Number(searchParams.get('ms'))));
        if (pathname === '/reject') void Promise.reject(new TypeError('nobody waits for me'));
        if (pathname === '/throw') setTimeout(() => JSON.parse('{'), 0);
        if (pathname === '/metrics') return new Response(await metrics.registry.metrics());
        const { rows } = await pool.query<{ notes: number }>('SELECT count(*)::int AS notes FROM notes');
        return Response.json({ notes: rows[0]?.notes, password: 'correct-horse' });
      },
    },
    workers: ['first', 'second'].map((name) => ({
      name,
      start: () => logger.info({ worker: name }, 'Started worker'),
      stop: async () => logger.info({ worker: name }, 'Stopped worker'),
    })),
  }),
  async seed({ pool }) {
    await pool.query(`INSERT INTO notes VALUES (1, 'seeded') ON CONFLICT DO NOTHING`);
  },
  commands: {
    async 'count-notes'({ pool }, args) {
      const { rows } = await pool.query<{ notes: number }>('SELECT count(*)::int AS notes FROM notes');
      process.stdout.write(`${args.join(' ')} ${rows[0]?.notes}\n`);
      return 3;
    },
  },
};

runService(echoService);

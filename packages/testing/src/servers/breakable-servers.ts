import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { type PostgresServer, startPostgresServer } from '@souk/postgres-server';
import { startReaper } from '../reaper.ts';
import { aptInstall } from './apt.ts';
import { type RabbitMqServer, startRabbitMqServer } from './rabbitmq-server.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { type ServerContext, TestServerMissingError } from './server.ts';

/** A PostgreSQL that tests may break. What it has acknowledged survives its own end. */
export interface BreakablePostgres {
  url: string;
  /** As `pg_ctl stop -m immediate`: every session ends at once, the next start recovers from the log. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** To the server and every process of it. */
  signal(signal: NodeJS.Signals): void;
}

/** The three servers as processes of one's own, for whoever wants to kill, freeze and misconfigure them. */
export interface BreakableServers {
  postgres: BreakablePostgres;
  rabbitMq: RabbitMqServer;
  redis: RedisServer;
  stop(): Promise<void>;
}

async function startBreakablePostgres({ reaper, report }: ServerContext): Promise<BreakablePostgres> {
  chmodSync(reaper.folder, 0o755); // as root, other users' servers have their folders in it
  const password = randomBytes(18).toString('base64url');
  const launch = async (port?: number): Promise<PostgresServer> => {
    const server = await startPostgresServer({
      folder: join(reaper.folder, 'postgres'),
      logFile: join(reaper.folder, 'postgres.log'),
      password,
      ...(port === undefined ? {} : { port }),
      // The machine stays up: what has been given to the operating system is as good as on disk.
      settings: { fsync: 'off', max_connections: '300', autovacuum_naptime: '5min' },
      keepData: false,
      report,
    });
    reaper.watch(server.pid, 'QUIT');
    return server;
  };
  let running = await launch();
  return {
    url: running.url,
    kill: () => running.stop(),
    start: async () => {
      running = await launch(running.port);
    },
    signal: (signal) => {
      for (const pid of [running.pid, ...childrenOf(running.pid)]) sendSignal(pid, signal);
    },
  };
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // a session that has ended meanwhile
  }
}

function childrenOf(pid: number): number[] {
  const listed = execFileSync('ps', ['-A', '-o', 'ppid=,pid='], { encoding: 'utf8' });
  const pairs = listed.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([parent, child]) => (parent === pid && child !== undefined ? [child] : []));
}

/** Whatever is missing on this machine is installed by apt. Throws TestServerMissingError where that is not possible. */
export async function startBreakableServers(): Promise<BreakableServers> {
  const reaper = startReaper();
  const context: ServerContext = { reaper, report: (line) => console.error(line) };
  const started: { stop(): Promise<void> }[] = [];
  const keep = <T extends { stop(): Promise<void> }>(server: T): T => {
    started.push(server);
    return server;
  };
  const orInstalled = async <T>(start: () => Promise<T | undefined>, debianPackage: string): Promise<T> => {
    const found = await start();
    if (found !== undefined) return found;
    const failure = aptInstall([debianPackage], context.report);
    const installed = failure === undefined ? await start() : undefined;
    if (installed === undefined) throw new TestServerMissingError(`${debianPackage} is needed: ${failure}`);
    return installed;
  };
  const stop = async () => {
    await Promise.allSettled(started.map((server) => server.stop()));
    reaper.close();
  };
  try {
    const postgres = await startBreakablePostgres(context);
    keep({ stop: () => postgres.kill() });
    const rabbitMq = keep(await orInstalled(() => startRabbitMqServer(context), 'rabbitmq-server'));
    const redis = keep(await orInstalled(() => startRedisServer(context), 'redis-server'));
    return { postgres, rabbitMq, redis, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

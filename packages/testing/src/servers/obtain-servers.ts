import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgresServer } from '@souk/postgres-server';
import { aptInstall } from './apt.ts';
import { startRabbitMqContainer, startRedisContainer } from './docker.ts';
import { startRabbitMqServer } from './rabbitmq-server.ts';
import { startRedisServer } from './redis-server.ts';
import { type ServerContext, type TestServer, TestServerMissingError } from './server.ts';

interface Source {
  name: string;
  variable: string;
  debianPackage: string;
  fromContainer: (context: ServerContext) => Promise<TestServer | undefined>;
  fromMachine: (context: ServerContext) => Promise<TestServer | undefined>;
}

const RABBITMQ: Source = {
  name: 'RabbitMQ',
  variable: 'AMQP_URL',
  debianPackage: 'rabbitmq-server',
  fromContainer: startRabbitMqContainer,
  fromMachine: startRabbitMqServer,
};

const REDIS: Source = {
  name: 'Redis',
  variable: 'REDIS_URL',
  debianPackage: 'redis-server',
  fromContainer: startRedisContainer,
  fromMachine: startRedisServer,
};

async function obtainWithoutInstalling(source: Source, context: ServerContext): Promise<TestServer | undefined> {
  const url = process.env[source.variable];
  if (url !== undefined && url !== '') return { url, stop: async () => {} };
  return (await source.fromContainer(context)) ?? (await source.fromMachine(context));
}

function explainMissing(sources: Source[], reason: string): TestServerMissingError {
  const names = sources.map(({ name }) => name).join(' and ');
  const variables = sources.map(({ variable }) => variable).join(' and ');
  const packages = sources.map(({ debianPackage }) => debianPackage).join(' ');
  return new TestServerMissingError(
    `The tests need ${names}: set ${variables}, or start a Docker engine, or install the programs (apt-get install ${packages}), or run as root or with sudo without a password so that apt can (${reason}).`,
  );
}

/**
 * RabbitMQ and Redis for a run of tests, each from the first of: its URL in the environment, a container, a program on
 * the machine, a package that apt may install. Throws TestServerMissingError: tests that need them are never skipped.
 */
export async function obtainBrokerAndRedis(context: ServerContext): Promise<{ amqp: TestServer; redis: TestServer }> {
  const sources = [RABBITMQ, REDIS];
  const found = await Promise.all(sources.map((source) => obtainWithoutInstalling(source, context)));
  const missing = sources.filter((_, index) => found[index] === undefined);
  if (missing.length > 0) {
    const failure = aptInstall(
      missing.map(({ debianPackage }) => debianPackage),
      context.report,
    );
    if (failure !== undefined) throw explainMissing(missing, failure);
  }
  const [amqp, redis] = await Promise.all(
    sources.map(async (source, index) => found[index] ?? (await source.fromMachine(context))),
  );
  if (amqp === undefined || redis === undefined) throw explainMissing(missing, 'apt has installed them');
  return { amqp, redis };
}

/** PostgreSQL from npm in a temporary folder; what it holds does not survive a crash, which makes it fast. */
export async function obtainPostgres({ reaper, report }: ServerContext): Promise<TestServer> {
  chmodSync(reaper.folder, 0o755); // as root, other users' servers have their folders in it
  const server = await startPostgresServer({
    folder: join(reaper.folder, 'postgres'),
    password: randomBytes(18).toString('base64url'),
    logFile: join(reaper.folder, 'postgres.log'),
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '300',
      autovacuum_naptime: '5min',
    },
    keepData: false,
    report,
  });
  reaper.watch(server.pid, 'QUIT');
  return server;
}

import type { TestProject } from 'vitest/node';
import { startReaper } from './reaper.ts';
import { obtainBrokerAndRedis, obtainPostgres } from './servers/obtain-servers.ts';
import type { TestServer } from './servers/server.ts';
import './test-servers.ts';

let running: Promise<() => Promise<void>> | undefined;

async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const reaper = startReaper();
  const started: TestServer[] = [];
  const keep = <T extends TestServer>(server: T): T => {
    started.push(server);
    return server;
  };
  const stop = async () => {
    await Promise.allSettled(started.map((server) => server.stop()));
    reaper.close();
  };
  // Ctrl-C may come before vitest knows of a teardown; the reaper works then, as it does after a kill.
  const context = { reaper, report: (line: string) => console.error(line) };
  try {
    const [postgres, { amqp, redis }] = await Promise.all([
      obtainPostgres(context).then(keep),
      obtainBrokerAndRedis(context).then((servers) => {
        keep(servers.amqp);
        keep(servers.redis);
        return servers;
      }),
    ]);
    project.provide('soukPostgresUrl', postgres.url);
    project.provide('soukAmqpUrl', amqp.url);
    project.provide('soukRedisUrl', redis.url);
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts the real servers of a run of tests, once, and stops them at its end. */
export async function setup(project: TestProject): Promise<void> {
  running ??= startServers(project);
  await running;
}

export async function teardown(): Promise<void> {
  const stop = await running?.catch(() => undefined); // a failed start has cleaned up and been reported
  running = undefined;
  await stop?.();
}

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@souk/postgres-server';
import { waitFor } from '../wait-for.ts';
import { answers, findProgram, type ServerContext, type TestServer } from './server.ts';

/** A Redis that tests may break. */
export interface RedisServer extends TestServer {
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same port; it has forgotten everything. */
  start(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

/** A Redis of one's own from the machine's program, undefined where there is none. */
export async function startRedisServer({ reaper }: ServerContext): Promise<RedisServer | undefined> {
  const program = findProgram('redis-server') ?? findProgram('valkey-server');
  if (program === undefined) return undefined;
  const port = await freePort();
  const folder = join(reaper.folder, `redis-${port}`);
  mkdirSync(folder);
  const settings = ['--save', '', '--appendonly', 'no', '--daemonize', 'no', '--dir', folder];
  const launch = async () => {
    const child = spawn(program, ['--port', String(port), '--bind', '127.0.0.1', ...settings], {
      detached: true,
      stdio: 'ignore',
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.unref();
    if (child.pid !== undefined) reaper.watch(child.pid, 'KILL');
    await waitFor(() => answers(port), { timeoutMs: 15_000, what: `Redis on port ${port}` });
    return { child, ended };
  };
  let running = await launch();
  const kill = async () => {
    const { child, ended } = running;
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    start: async () => {
      running = await launch();
    },
    signal: (signal) => void running.child.kill(signal),
    stop: kill,
  };
}

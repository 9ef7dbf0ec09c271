import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort } from '@souk/postgres-server';
import amqp from 'amqplib';
import { waitFor } from '../wait-for.ts';
import { findProgram, identityOf, type ServerContext, type TestServer, TestServerMissingError } from './server.ts';

const START_TIMEOUT_MS = 90_000;
const DEBIAN_FOLDER = '/usr/lib/rabbitmq/lib';

/** The server's own script: the one in /usr/sbin of Debian changes user, HOME and folder. */
function findServerScript(): string | undefined {
  if (existsSync(DEBIAN_FOLDER)) {
    const script = readdirSync(DEBIAN_FOLDER)
      .filter((name) => name.startsWith('rabbitmq_server-'))
      .map((name) => join(DEBIAN_FOLDER, name, 'sbin', 'rabbitmq-server'))
      .find((path) => existsSync(path));
    if (script !== undefined) return script;
  }
  return findProgram('rabbitmq-server');
}

interface Ports {
  amqp: number;
  distribution: number;
  portMapper: number;
}

function environmentOf(folder: string, ports: Ports): NodeJS.ProcessEnv {
  const path = (name: string) => join(folder, name);
  return {
    PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin`,
    LANG: 'C.UTF-8',
    HOME: folder, // for the Erlang cookie
    RABBITMQ_NODENAME: `souk-test-${ports.amqp}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(ports.amqp),
    RABBITMQ_DIST_PORT: String(ports.distribution),
    ERL_EPMD_PORT: String(ports.portMapper),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_MNESIA_BASE: path('data'),
    RABBITMQ_LOG_BASE: path('log'),
    RABBITMQ_PID_FILE: path('pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: path('enabled_plugins'),
    RABBITMQ_CONFIG_FILE: path('rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: path('rabbitmq-env.conf'), // absent: the machine's own settings do not apply
    // Without it the distribution port listens on every interface.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  };
}

function prepareFolder(folder: string, identity: { uid: number; gid: number } | undefined): void {
  const files = {
    enabled_plugins: '[].',
    // Tests fill neither memory nor disk; a small machine that is nearly full must not block every publisher.
    'rabbitmq.conf':
      'disk_free_limit.absolute = 20MB\nvm_memory_high_watermark.relative = 0.7\nlog.file.level = warning\n',
  };
  mkdirSync(folder, { recursive: true });
  const paths = Object.entries(files).map(([name, text]) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  });
  if (identity !== undefined) for (const path of [folder, ...paths]) chownSync(path, identity.uid, identity.gid);
}

function logOf(folder: string): string {
  const logs = join(folder, 'log');
  const output = existsSync(join(folder, 'output')) ? readFileSync(join(folder, 'output'), 'utf8') : '';
  if (!existsSync(logs)) return output;
  return (
    output +
    readdirSync(logs)
      .map((name) => readFileSync(join(logs, name), 'utf8'))
      .join('\n')
  );
}

async function connects(url: string, child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null) throw new TestServerMissingError(`RabbitMQ ended with code ${child.exitCode}`);
  const connection = await amqp.connect(url, { timeout: 2_000 }).catch(() => undefined);
  await connection?.close();
  return connection !== undefined;
}

/** A RabbitMQ that tests may break. */
export interface RabbitMqServer extends TestServer {
  /** Ends it as a power cut would; its data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same ports and data. */
  start(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Runs rabbitmqctl on it. */
  control(...args: string[]): Promise<void>;
}

/** A RabbitMQ of one's own from the machine's program, undefined where there is none. Takes some six seconds. */
export async function startRabbitMqServer({ reaper }: ServerContext): Promise<RabbitMqServer | undefined> {
  const script = findServerScript();
  if (script === undefined) return undefined;
  const identity = identityOf('rabbitmq');
  const ports = { amqp: await freePort(), distribution: await freePort(), portMapper: await freePort() };
  const folder = join(reaper.folder, `rabbitmq-${ports.amqp}`);
  prepareFolder(folder, identity);
  const options = {
    ...identity,
    cwd: folder,
    detached: true,
    stdio: 'ignore',
    env: environmentOf(folder, ports),
  } as const;
  const spawnGroup = (program: string, args: string[] = []) => {
    const child = spawn(program, args, options);
    child.on('error', () => {});
    child.unref();
    if (child.pid !== undefined) reaper.watch(-child.pid, 'KILL');
    return child;
  };

  // The port mapper would start by itself, and stay for ever as nobody's child; ours is in a group that we end.
  const portMapper = findProgram('epmd');
  const others = portMapper === undefined ? [] : [spawnGroup(portMapper)];
  const url = `amqp://guest:guest@127.0.0.1:${ports.amqp}`;
  let server: ChildProcess | undefined;
  const kill = () => endGroups(server === undefined ? [] : [server]);
  const stop = () => endGroups(server === undefined ? others : [...others, server]);
  const start = async () => {
    const child = spawnGroup(script);
    server = child;
    try {
      await waitFor(() => connects(url, child), { timeoutMs: START_TIMEOUT_MS, everyMs: 250, what: 'RabbitMQ' });
    } catch (error) {
      const log = logOf(folder);
      await stop();
      throw new TestServerMissingError(`RabbitMQ (${script}) did not start: ${String(error)}\n${log.slice(-2_000)}`);
    }
  };
  await start();
  return {
    url,
    stop,
    kill,
    start,
    signal: (signal) => void (server?.pid !== undefined && process.kill(-server.pid, signal)),
    control: (...args) =>
      endOf(spawnGroup(join(dirname(script), 'rabbitmqctl'), args), `rabbitmqctl ${args.join(' ')}`),
  };
}

async function endOf(child: ChildProcess, what: string): Promise<void> {
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new TestServerMissingError(`${what} ended with code ${code}`);
}

async function endGroups(children: ChildProcess[]): Promise<void> {
  for (const child of children) {
    if (child.pid === undefined) continue;
    try {
      process.kill(-child.pid, 'SIGKILL'); // its data is thrown away: nothing to stop in good order
    } catch {
      // it has ended already
    }
  }
  const ended = () => children.every((child) => child.pid === undefined || !groupIsAlive(child.pid));
  await waitFor(ended, { timeoutMs: 10_000, what: 'The end of RabbitMQ' });
}

function groupIsAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

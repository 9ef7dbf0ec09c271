import { randomBytes } from 'node:crypto';
import type { BrokerAddress } from '@souk/operations';
import { waitFor } from '@souk/testing';
import { type Child, cleanEnvironment, PlatformProcessError, runChild, startChild } from './child.ts';
import { claimServerShare, type ServerShare } from './distributed-servers.ts';
import { type MailServer, startMailServer } from './mail-server.ts';
import {
  DATABASE_NAMES,
  type DatabaseName,
  type Platform,
  type PlatformOptions,
  SERVICE_NAMES,
  type ServiceName,
  TEST_SETTINGS,
} from './platform.ts';
import { freePortRange } from './port-range.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;

interface Parts {
  share: ServerShare;
  mailServer: MailServer;
  portBase: number;
  env: Record<string, string>;
  /** Settings of one service, over all others. */
  envOf?: (service: ServiceName) => Record<string, string>;
}

export interface ReplicaOptions {
  env?: Record<string, string>;
  /** For Node, before the program. */
  nodeArgs?: readonly string[];
}

export interface Replica {
  child: Child;
  url: string;
  opsUrl: string;
}

function databaseOf(service: ServiceName): DatabaseName | undefined {
  return service === 'api-gateway' ? undefined : DATABASE_NAMES[service];
}

/** Six processes of `dist/main.js` against real PostgreSQL, RabbitMQ and Redis, as in a deployment. */
export class DistributedPlatform implements Platform {
  readonly mode = 'distributed';
  readonly internalSecret = randomBytes(32).toString('hex');
  readonly #parts: Parts;
  readonly #children = new Map<ServiceName, Child>();
  readonly #replicas: Child[] = [];
  #logs = '';

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  portOf(service: ServiceName): number {
    return this.#parts.portBase + SERVICE_NAMES.indexOf(service);
  }

  serviceUrl(service: ServiceName): string {
    return `http://127.0.0.1:${this.portOf(service)}`;
  }

  /** The broker, and how this platform uses it. */
  get broker(): BrokerAddress {
    const { amqpUrl, amqpNamePrefix } = this.#parts.share;
    const { RETRY_DELAYS_MS = '' } = { ...TEST_SETTINGS, ...this.#parts.env };
    return { url: amqpUrl, namePrefix: amqpNamePrefix, retryDelaysMs: RETRY_DELAYS_MS.split(',').map(Number) };
  }

  get gatewayUrl(): string {
    return this.serviceUrl('api-gateway');
  }

  get opsUrl(): string {
    return `http://127.0.0.1:${this.#parts.portBase + SERVICE_NAMES.length}`;
  }

  databaseUrl(database: DatabaseName): string {
    return this.#parts.share.ownerUrl(database);
  }

  async mails() {
    return this.#parts.mailServer.mails();
  }

  logs(): string {
    return this.#logs + [...this.#children.values(), ...this.#replicas].map((child) => child.output()).join('');
  }

  #environmentOf(service: ServiceName): Record<string, string | undefined> {
    const { share, mailServer, portBase, env, envOf } = this.#parts;
    const database = databaseOf(service);
    const urls = SERVICE_NAMES.map((name) => [`${name.toUpperCase().replaceAll('-', '_')}_URL`, this.serviceUrl(name)]);
    return {
      ...cleanEnvironment(),
      ...TEST_SETTINGS,
      ...Object.fromEntries(urls),
      PORT: String(this.portOf(service)),
      OPS_PORT: String(portBase + SERVICE_NAMES.length),
      DATABASE_URL: database === undefined ? undefined : share.appUrl(database),
      MIGRATION_DATABASE_URL: database === undefined ? undefined : share.ownerUrl(database),
      AMQP_URL: share.amqpUrl,
      AMQP_NAME_PREFIX: share.amqpNamePrefix,
      REDIS_URL: share.redisUrl,
      SMTP_URL: mailServer.url,
      PUBLIC_URL: this.gatewayUrl,
      ADMIN_EMAIL: 'admin@souk.example',
      // The gateway has no secret of its own to lose.
      INTERNAL_SECRET: service === 'api-gateway' ? undefined : this.internalSecret,
      ...env,
      ...envOf?.(service),
    };
  }

  /** Runs a command of a service's main.js to its end and answers what it has written. */
  run(service: ServiceName, command: string, ...args: string[]): Promise<string> {
    const script = `services/${service}/dist/main.js`;
    return runChild({
      name: `${service} ${command}`,
      args: [script, command, ...args],
      env: this.#environmentOf(service),
    });
  }

  async migrateAndSeed(): Promise<void> {
    const owning = SERVICE_NAMES.filter((name) => databaseOf(name) !== undefined);
    await Promise.all(owning.map((service) => this.run(service, 'migrate')));
    await Promise.all((['user-service', 'product-service'] as const).map((service) => this.run(service, 'seed')));
  }

  /** The process of a service, for faults. */
  childOf(service: ServiceName): Child {
    const child = this.#children.get(service);
    if (child === undefined) throw new PlatformProcessError(`${service} does not run`);
    return child;
  }

  startService(service: ServiceName): void {
    this.#logs += this.#children.get(service)?.output() ?? '';
    const args = [`services/${service}/dist/main.js`];
    this.#children.set(service, startChild({ name: service, args, env: this.#environmentOf(service) }));
  }

  /** A second process of a service, on ports of its own, that ends with the platform. */
  async startReplica(service: ServiceName, { env = {}, nodeArgs = [] }: ReplicaOptions = {}): Promise<Replica> {
    const port = await freePortRange(2);
    const own = { PORT: String(port), OPS_PORT: String(port + 1) };
    const child = startChild({
      name: `${service} (replica)`,
      args: [...nodeArgs, `services/${service}/dist/main.js`],
      env: { ...this.#environmentOf(service), ...own, ...env },
    });
    this.#replicas.push(child);
    const opsUrl = `http://127.0.0.1:${service === 'api-gateway' ? port + 1 : port}`;
    await waitUntilReady(child, opsUrl);
    return { child, url: `http://127.0.0.1:${port}`, opsUrl };
  }

  async start(): Promise<void> {
    for (const service of SERVICE_NAMES) this.startService(service);
    await Promise.all(SERVICE_NAMES.map((service) => this.waitUntilReady(service)));
  }

  waitUntilReady(service: ServiceName): Promise<void> {
    return waitUntilReady(this.childOf(service), service === 'api-gateway' ? this.opsUrl : this.serviceUrl(service));
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const children = [...this.#children.values(), ...this.#replicas.splice(0)];
    this.#children.clear();
    for (const child of children) child.signal(signal);
    const late = setTimeout(() => {
      for (const child of children) child.signal('SIGKILL');
    }, STOP_TIMEOUT_MS);
    await Promise.all(children.map((child) => child.ended));
    clearTimeout(late);
    this.#logs += children.map((child) => child.output()).join('');
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await this.#parts.mailServer.stop();
    await this.#parts.share.remove();
  }
}

async function waitUntilReady(child: Child, url: string): Promise<void> {
  const state = await waitFor(
    async () => {
      if (!child.isRunning()) return 'ended';
      const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
      if (!response.ok) throw new PlatformProcessError(await response.text());
      return 'ready';
    },
    { timeoutMs: START_TIMEOUT_MS, everyMs: 100, what: `Readiness of ${child.name}` },
  );
  if (state === 'ended') throw new PlatformProcessError(`${child.name} ended: ${child.output().slice(-2_000)}`);
}

/** Migrates, seeds and starts the six services on databases, queues and ports of their own. */
export async function startDistributedPlatform({ env = {} }: PlatformOptions = {}): Promise<DistributedPlatform> {
  const [share, mailServer, portBase] = await Promise.all([
    claimServerShare(),
    startMailServer(),
    freePortRange(SERVICE_NAMES.length + 1),
  ]);
  const platform = new DistributedPlatform({ share, mailServer, portBase, env });
  try {
    await platform.migrateAndSeed();
    await platform.start();
    return platform;
  } catch (error) {
    await platform.stop();
    throw error;
  }
}

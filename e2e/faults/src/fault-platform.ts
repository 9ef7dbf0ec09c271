import { type BreakableServers, startBreakableServers } from '@souk/testing';
import { DistributedPlatform } from '../../src/distributed-platform.ts';
import { claimServerShare, type ServerShare, sharedServers } from '../../src/distributed-servers.ts';
import { type MailServer, startMailServer } from '../../src/mail-server.ts';
import { DATABASE_NAMES, type DatabaseName, SERVICE_NAMES, type ServiceName } from '../../src/platform.ts';
import { freePortRange } from '../../src/port-range.ts';
import type { PublicDoor } from '../../src/shop.ts';
import { type Breakable, type FaultProxy, startFaultProxy, together } from './fault-proxy.ts';

const DATABASES = Object.values(DATABASE_NAMES);

export interface FaultPlatform {
  platform: DistributedPlatform;
  /** Between the services and their servers. */
  broker: Breakable;
  /** Between one service and the broker. */
  brokers: Record<ServiceName, FaultProxy>;
  keyValue: FaultProxy;
  databases: Record<DatabaseName, FaultProxy>;
  mail: FaultProxy;
  /** Between the services (the gateway included) and the one that is named. */
  services: Record<ServiceName, FaultProxy>;
  /** What customers use in place of the gateway's own port, so that their way to it can be broken too. */
  door: PublicDoor;
  share: ServerShare;
  /** The servers themselves, where the platform has servers of its own. */
  servers: BreakableServers | undefined;
  mailServer: MailServer;
  /** Lets everything pass again. */
  heal(): void;
  stop(): Promise<void>;
}

export interface FaultPlatformOptions {
  /** Settings of the services, over the ones for tests. */
  env?: Record<string, string>;
  /** Whether PostgreSQL, RabbitMQ and Redis are processes of this platform's own, which may be killed and frozen. */
  ownServers?: boolean;
}

async function proxyOf(url: string, fallbackPort: number): Promise<{ proxy: FaultProxy; url: string }> {
  const { hostname, port } = new URL(url);
  const proxy = await startFaultProxy({ host: hostname, port: Number(port || fallbackPort) });
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(proxy.port);
  return { proxy, url: through.href };
}

type Proxied = { proxy: FaultProxy; url: string };

const byName = <N extends string, T>(names: readonly N[], values: readonly T[]) =>
  Object.fromEntries(names.map((name, index) => [name, values[index]])) as Record<N, T>;

async function startProxies({ share, mailServer, portBase }: Parts) {
  const { amqpUrl } = share;
  const [keyValue, mail, brokers, databases, services] = await Promise.all([
    proxyOf(share.redisUrl, 6379),
    proxyOf(mailServer.url, 25),
    Promise.all(SERVICE_NAMES.map(() => proxyOf(amqpUrl, 5672))),
    Promise.all(DATABASES.map((database) => proxyOf(share.appUrl(database), 5432))),
    Promise.all(SERVICE_NAMES.map((_, index) => startFaultProxy({ host: '127.0.0.1', port: portBase + index }))),
  ]);
  return {
    keyValue,
    mail,
    brokers: byName<ServiceName, Proxied>(SERVICE_NAMES, brokers),
    databases: byName<DatabaseName, Proxied>(DATABASES, databases),
    services: byName<ServiceName, FaultProxy>(SERVICE_NAMES, services),
  };
}

interface Parts {
  share: ServerShare;
  mailServer: MailServer;
  portBase: number;
}

/** What the services are told of each other and of their servers: the ways through the proxies. */
function throughProxies(parts: Parts, proxies: Awaited<ReturnType<typeof startProxies>>, env: Record<string, string>) {
  const urls = SERVICE_NAMES.map((name) => [
    `${name.toUpperCase().replaceAll('-', '_')}_URL`,
    `http://127.0.0.1:${proxies.services[name].port}`,
  ]);
  return new DistributedPlatform({
    share: {
      ...parts.share,
      appUrl: (database) => proxies.databases[database].url,
      redisUrl: proxies.keyValue.url,
    },
    mailServer: { ...parts.mailServer, url: proxies.mail.url },
    portBase: parts.portBase,
    env: { ...Object.fromEntries(urls), ...env },
    envOf: (service) => ({ AMQP_URL: proxies.brokers[service].url }),
  });
}

async function claimParts(servers: BreakableServers | undefined): Promise<Parts> {
  const urls =
    servers === undefined
      ? sharedServers()
      : { postgresUrl: servers.postgres.url, amqpUrl: servers.rabbitMq.url, redisUrl: servers.redis.url };
  const [share, mailServer, portBase] = await Promise.all([
    claimServerShare(urls),
    startMailServer(),
    freePortRange(SERVICE_NAMES.length + 1),
  ]);
  return { share, mailServer, portBase };
}

/** The distributed platform with a proxy on every way between its parts. */
export async function startFaultPlatform(options: FaultPlatformOptions = {}): Promise<FaultPlatform> {
  const servers = options.ownServers === true ? await startBreakableServers() : undefined;
  const parts = await claimParts(servers);
  const proxies = await startProxies(parts);
  const platform = throughProxies(parts, proxies, options.env ?? {});
  const { keyValue, mail } = proxies;
  const brokers = byName<ServiceName, FaultProxy>(
    SERVICE_NAMES,
    SERVICE_NAMES.map((name) => proxies.brokers[name].proxy),
  );
  const databases = byName<DatabaseName, FaultProxy>(
    DATABASES,
    DATABASES.map((name) => proxies.databases[name].proxy),
  );
  const all = [
    keyValue.proxy,
    mail.proxy,
    ...[brokers, databases, proxies.services].flatMap((each) => Object.values(each)),
  ];
  const heal = () => together(all).heal();
  const stop = async () => {
    heal();
    await platform.stop();
    await Promise.all(all.map((proxy) => proxy.close()));
    await servers?.stop();
  };
  try {
    await platform.migrateAndSeed();
    await platform.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    platform,
    share: parts.share,
    servers,
    mailServer: parts.mailServer,
    broker: together(Object.values(brokers)),
    brokers,
    keyValue: keyValue.proxy,
    mail: mail.proxy,
    databases,
    services: proxies.services,
    door: { gatewayUrl: `http://127.0.0.1:${proxies.services['api-gateway'].port}` },
    heal,
    stop,
  };
}

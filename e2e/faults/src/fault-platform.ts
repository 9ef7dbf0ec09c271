import { DistributedPlatform } from '../../src/distributed-platform.ts';
import { claimServerShare, type ServerShare } from '../../src/distributed-servers.ts';
import { type MailServer, startMailServer } from '../../src/mail-server.ts';
import { DATABASE_NAMES, type DatabaseName, SERVICE_NAMES, type ServiceName } from '../../src/platform.ts';
import { freePortRange } from '../../src/port-range.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

const DATABASES = Object.values(DATABASE_NAMES);

export interface FaultPlatform {
  platform: DistributedPlatform;
  /** Between the services and their servers. */
  broker: FaultProxy;
  keyValue: FaultProxy;
  databases: Record<DatabaseName, FaultProxy>;
  mail: FaultProxy;
  /** Between the services (the gateway included) and the one that is named. */
  services: Record<ServiceName, FaultProxy>;
  share: ServerShare;
  mailServer: MailServer;
  /** Lets everything pass again. */
  heal(): void;
  stop(): Promise<void>;
}

export interface FaultPlatformOptions {
  /** Settings of the services, over the ones for tests. */
  env?: Record<string, string>;
}

async function proxyOf(url: string, fallbackPort: number): Promise<{ proxy: FaultProxy; url: string }> {
  const { hostname, port } = new URL(url);
  const proxy = await startFaultProxy({ host: hostname, port: Number(port || fallbackPort) });
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(proxy.port);
  return { proxy, url: through.href };
}

/** The distributed platform with a proxy on every way between its parts. */
export async function startFaultPlatform({ env = {} }: FaultPlatformOptions = {}): Promise<FaultPlatform> {
  const [share, mailServer, portBase] = await Promise.all([
    claimServerShare(),
    startMailServer(),
    freePortRange(SERVICE_NAMES.length + 1),
  ]);
  const [broker, keyValue, mail, ...perDatabase] = await Promise.all([
    proxyOf(share.amqpUrl, 5672),
    proxyOf(share.redisUrl, 6379),
    proxyOf(mailServer.url, 25),
    ...DATABASES.map((database) => proxyOf(share.appUrl(database), 5432)),
  ]);
  const perService = await Promise.all(
    SERVICE_NAMES.map((_, index) => startFaultProxy({ host: '127.0.0.1', port: portBase + index })),
  );
  const appUrls = new Map(DATABASES.map((database, index) => [database, perDatabase[index]?.url ?? '']));
  const urls = SERVICE_NAMES.map((name, index) => [
    `${name.toUpperCase().replaceAll('-', '_')}_URL`,
    `http://127.0.0.1:${perService[index]?.port}`,
  ]);
  const proxied: ServerShare = {
    ...share,
    appUrl: (database) => appUrls.get(database) ?? '',
    amqpUrl: broker.url,
    redisUrl: keyValue.url,
  };
  const platform = new DistributedPlatform({
    share: proxied,
    mailServer: { ...mailServer, url: mail.url },
    portBase,
    env: { ...Object.fromEntries(urls), ...env },
  });
  const proxies = [broker.proxy, keyValue.proxy, mail.proxy, ...perDatabase.map(({ proxy }) => proxy), ...perService];
  const stop = async () => {
    for (const proxy of proxies) proxy.heal();
    await platform.stop();
    await Promise.all(proxies.map((proxy) => proxy.close()));
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
    share,
    mailServer,
    broker: broker.proxy,
    keyValue: keyValue.proxy,
    mail: mail.proxy,
    databases: Object.fromEntries(DATABASES.map((name, index) => [name, perDatabase[index]?.proxy])) as never,
    services: Object.fromEntries(SERVICE_NAMES.map((name, index) => [name, perService[index]])) as never,
    heal() {
      for (const proxy of proxies) proxy.heal();
    },
    stop,
  };
}

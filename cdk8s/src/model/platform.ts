/**
 * The platform, stated once: what runs, what it listens on, whom it calls, what it keeps. Manifests, the operator and the
 * tests of compose.dev.yaml and skaffold.yaml all read this; events (who publishes, who consumes) are in @souk/contracts.
 */

export const SERVICE_NAMES = [
  'api-gateway',
  'user-service',
  'product-service',
  'order-service',
  'payment-service',
  'notification-service',
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

export const DATABASE_NAMES = ['users', 'products', 'orders', 'payments', 'notifications'] as const;
export type DatabaseName = (typeof DATABASE_NAMES)[number];

/** What a container may use. CPU has no limit: throttling hurts latency and protects nobody that requests do not. */
export interface Resources {
  cpuRequest: string;
  memoryRequest: string;
  memoryLimit: string;
}

export interface ServiceModel {
  name: ServiceName;
  /** One sentence for annotations and the reference page. */
  purpose: string;
  port: number;
  /** Probes and metrics are here; the same as `port` everywhere but at the gateway, whose port is public. */
  opsPort: number;
  /** The services it calls by REST. JWKS and revocations come from user-service, so everybody calls that. */
  calls: readonly ServiceName[];
  database?: DatabaseName;
  broker: boolean;
  cache: boolean;
  /** Reaches hosts outside the cluster: the payment provider, the mail and SMS providers. TCP ports. */
  externalPorts: readonly number[];
  /** Has demo data of its own. */
  seeds: boolean;
}

const service = (model: ServiceModel): ServiceModel => model;

export const SERVICES: Readonly<Record<ServiceName, ServiceModel>> = {
  'api-gateway': service({
    name: 'api-gateway',
    purpose: 'The only public door',
    port: 3000,
    opsPort: 9464,
    calls: ['user-service', 'product-service', 'order-service', 'payment-service', 'notification-service'],
    broker: false,
    cache: true,
    externalPorts: [],
    seeds: false,
  }),
  'user-service': service({
    name: 'user-service',
    purpose: 'Accounts, sessions and signing keys',
    port: 3001,
    opsPort: 3001,
    calls: [],
    database: 'users',
    broker: true,
    cache: true,
    externalPorts: [],
    seeds: true,
  }),
  'product-service': service({
    name: 'product-service',
    purpose: 'Catalog, search, inventory and reservations',
    port: 8000,
    opsPort: 8000,
    calls: ['user-service'],
    database: 'products',
    broker: true,
    cache: true,
    externalPorts: [],
    seeds: true,
  }),
  'order-service': service({
    name: 'order-service',
    purpose: 'Cart, orders and their timeline',
    port: 3003,
    opsPort: 3003,
    calls: ['user-service', 'product-service'],
    database: 'orders',
    broker: true,
    cache: false,
    externalPorts: [],
    seeds: false,
  }),
  'payment-service': service({
    name: 'payment-service',
    purpose: 'Charges and refunds',
    port: 3004,
    opsPort: 3004,
    calls: ['user-service', 'order-service'],
    database: 'payments',
    broker: true,
    cache: false,
    externalPorts: [443],
    seeds: false,
  }),
  'notification-service': service({
    name: 'notification-service',
    purpose: 'E-mail and SMS',
    port: 3005,
    opsPort: 3005,
    calls: ['user-service'],
    database: 'notifications',
    broker: true,
    cache: false,
    externalPorts: [443, 465, 587],
    seeds: false,
  }),
};

/** The environment variable by which a caller finds a service: USER_SERVICE_URL. */
export function addressVariable(name: ServiceName): string {
  return `${name.toUpperCase().replaceAll('-', '_')}_URL`;
}

/** The PostgreSQL servers of the embedded data tier and the databases each holds. */
export const POSTGRES_SERVERS: Readonly<Record<string, readonly DatabaseName[]>> = {
  'postgres-users': ['users', 'notifications'],
  'postgres-products': ['products'],
  'postgres-orders': ['orders'],
  'postgres-payments': ['payments'],
};

export function postgresServerOf(database: DatabaseName): string {
  const found = Object.entries(POSTGRES_SERVERS).find(([, databases]) => databases.includes(database));
  if (!found) throw new ModelError(`No PostgreSQL server holds the database ${database}`);
  return found[0];
}

export const POSTGRES_PORT = 5432;
export const REDIS_PORT = 6379;
export const AMQP_PORT = 5672;
export const RABBITMQ_MANAGEMENT_PORT = 15672;
export const SMTP_PORT = 1025;
export const MAIL_PAGE_PORT = 8025;

/** The images of the embedded data tier: the official ones, by version. */
export const DATA_IMAGES = {
  postgres: 'postgres:18-alpine',
  redis: 'redis:8-alpine',
  rabbitmq: 'rabbitmq:4-management-alpine',
  mailpit: 'axllent/mailpit:v1.27',
} as const;

/**
 * Whoever asks for many pages of the catalogue fills the cache: what was not used for longest goes, before the container has to.
 * Half of its memory, because a snapshot may copy what changes meanwhile. It has no password and therefore would refuse everybody
 * but its own host if it was not told otherwise (builds differ); the network decides who reaches it.
 */
export const REDIS_ARGS = [
  ...['redis-server', '--protected-mode', 'no'],
  ...['--maxmemory', '128mb', '--maxmemory-policy', 'allkeys-lru'],
] as const;

/** The model contradicts itself; synthesis stops. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

/** Callee first: an order in which every service comes after all that it calls. */
export function wavesOf(services: Readonly<Record<string, Pick<ServiceModel, 'calls'>>>): string[][] {
  const waves: string[][] = [];
  const placed = new Set<string>();
  let rest = Object.keys(services);
  while (rest.length > 0) {
    const wave = rest.filter((name) => services[name]?.calls.every((callee) => placed.has(callee)));
    if (wave.length === 0) throw new ModelError(`The calls of ${rest.join(', ')} form a cycle or name no service`);
    waves.push(wave);
    for (const name of wave) placed.add(name);
    rest = rest.filter((name) => !placed.has(name));
  }
  return waves;
}

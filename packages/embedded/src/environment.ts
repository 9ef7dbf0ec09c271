import { join } from 'node:path';
import type { Environment } from '@souk/service-runtime';
import type { Ports } from './layout.ts';
import type { Secrets } from './secrets.ts';

export interface EnvironmentOptions {
  /** Of the process; the services' own settings may be overridden by it. */
  base: Environment;
  folder: string;
  ports: Ports;
  secrets: Secrets;
}

export interface DatabaseUrls {
  ownerUrl: string;
  appUrl: string;
}

/** The variables that all services of the embedded run share. */
export function platformEnvironment({ base, folder, ports, secrets }: EnvironmentOptions): Environment {
  const urlOf = (service: keyof Ports) => `http://127.0.0.1:${ports[service]}`;
  return {
    PUBLIC_URL: `http://localhost:${ports['api-gateway']}`,
    SEED_DEMO_DATA: 'true',
    ADMIN_EMAIL: 'admin@souk.example',
    // Every request of a demonstration comes from one address.
    RATE_LIMIT_PER_MINUTE: '6000',
    // Never connected to unless overridden: see hosted-service.ts.
    AMQP_URL: 'amqp://in-process',
    REDIS_URL: 'redis://in-process',
    ...base,
    INTERNAL_SECRET: secrets.internalSecret,
    MAIL_DIRECTORY: base.SMTP_URL === undefined ? join(folder, 'mail') : undefined,
    USER_SERVICE_URL: urlOf('user-service'),
    PRODUCT_SERVICE_URL: urlOf('product-service'),
    ORDER_SERVICE_URL: urlOf('order-service'),
    PAYMENT_SERVICE_URL: urlOf('payment-service'),
    NOTIFICATION_SERVICE_URL: urlOf('notification-service'),
    OPS_PORT: String(ports.ops),
  };
}

/** The variables of one service, over the shared ones. */
export function serviceEnvironment(shared: Environment, port: number, database?: DatabaseUrls): Environment {
  return {
    ...shared,
    PORT: String(port),
    DATABASE_URL: database?.appUrl,
    MIGRATION_DATABASE_URL: database?.ownerUrl,
  };
}

/** For a service that looks at client addresses: in front of it the gateway is one more proxy that says whom it saw. */
export function behindGateway(env: Environment): Environment {
  const hops = Number(env.TRUSTED_PROXY_HOPS ?? '0');
  return Number.isInteger(hops) ? { ...env, TRUSTED_PROXY_HOPS: String(hops + 1) } : env;
}

import type { Mail } from './mail.ts';

export const SERVICE_NAMES = [
  'user-service',
  'product-service',
  'order-service',
  'payment-service',
  'notification-service',
  'api-gateway',
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Services with a database, by the database's name. */
export const DATABASE_NAMES = {
  'user-service': 'users',
  'product-service': 'products',
  'order-service': 'orders',
  'payment-service': 'payments',
  'notification-service': 'notifications',
} as const;
export type DatabaseName = (typeof DATABASE_NAMES)[keyof typeof DATABASE_NAMES];

export const MODES = ['embedded', 'distributed'] as const;
export type Mode = (typeof MODES)[number];

/** A running platform, seen from outside; how it runs makes no difference to a story. */
export interface Platform {
  readonly mode: Mode;
  /** Base of the public door, without a path. */
  readonly gatewayUrl: string;
  /** Base of the gateway's second port. */
  readonly opsUrl: string;
  readonly internalSecret: string;
  /** Base of a service that is reached directly. */
  serviceUrl(service: ServiceName): string;
  /** URL of a database as its owner, for checks in SQL. */
  databaseUrl(database: DatabaseName): string;
  /** Mails that were sent so far, oldest first. */
  mails(): Promise<Mail[]>;
  /** What the services have logged. */
  logs(): string;
  /** Ends every process of the platform at once, as a power cut would; its data stays. */
  kill(): Promise<void>;
  /** Starts again on the same data and the same ports. */
  start(): Promise<void>;
  /** Stops in good order and removes the data. */
  stop(): Promise<void>;
}

export interface PlatformOptions {
  /** Settings of the services, over the ones for tests. */
  env?: Record<string, string>;
}

// Short intervals, so that what heals by itself heals within seconds (INVARIANTS: 10 s with these).
export const TEST_SETTINGS: Readonly<Record<string, string>> = {
  SEED_DEMO_DATA: 'true',
  LOG_LEVEL: 'info',
  LOG_FORMAT: 'json',
  RATE_LIMIT_ENABLED: 'false',
  RETRY_DELAYS_MS: '0,100,200,400,800',
  SAGA_REDRIVE_AFTER_MS: '2000',
  SWEEP_INTERVAL_MS: '500',
  SHUTDOWN_GRACE_MS: '10000',
};

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KeyValueStore } from '@souk/key-value';
import type { Broker } from '@souk/messaging';
import type { Clock } from '../clock.ts';
import type { Migration } from '../database/migrate.ts';
import type { Pool } from '../database/pool.ts';
import type { Health } from '../health.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { Settings } from '../settings/setting.ts';
import type { Worker } from '../worker.ts';

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** What a port serves: a fetch function (Hono) or, for a hot path, node's own request listener, which then goes first. */
export interface HttpEntry {
  fetch: (request: Request, env?: Record<string, unknown>) => Response | Promise<Response>;
  listener?: RequestListener | undefined;
}

export interface ServiceApp {
  http: HttpEntry;
  /** The gateway's second port, for probes and metrics; listens on `config.opsPort`. */
  opsHttp?: HttpEntry | undefined;
  /** Started in this order, stopped in reverse. */
  workers: readonly Worker[];
}

/** Everything a service is given; nothing of it is a global. */
export interface ServiceContext<C> {
  readonly name: string;
  readonly config: C;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** A new UUIDv7. */
  readonly newId: () => string;
  /** These three exist only when the definition needs them; else reading one is a programmer's error. */
  readonly pool: Pool;
  readonly broker: Broker;
  readonly keyValue: KeyValueStore;
  readonly health: Health;
}

export interface ServiceNeeds {
  database?: boolean;
  broker?: boolean;
  keyValue?: boolean;
}

/** A service as a value: runService makes a process of it, startService runs it inside another one. */
export interface ServiceDefinition<C> {
  readonly name: string;
  readonly settings: Settings<C>;
  readonly needs: ServiceNeeds;
  /** From src/generated/migrations.ts. */
  readonly migrations?: readonly Migration[];
  createApp(context: ServiceContext<C>): ServiceApp | Promise<ServiceApp>;
  /** Writes demonstration content; repeatable; runs as the database's owner. */
  seed?(context: ServiceContext<C>): Promise<void>;
  /** Further commands of main.js; the result is the exit code. */
  readonly commands?: Readonly<Record<string, (context: ServiceContext<C>, args: string[]) => Promise<number>>>;
}

export interface RunningService {
  readonly port: number;
  /** Of the second port, where the app has one. */
  readonly opsPort?: number;
  readonly url: string;
  /** Drains and stops; resolves within the grace time, whatever hangs. */
  stop(): Promise<void>;
}

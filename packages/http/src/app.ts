import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Health, Logger, Metrics } from '@souk/service-runtime';
import type { Authenticator } from './authenticator.ts';
import type { OpenApiDocument, OpenApiOptions } from './openapi.ts';
import type { RouteDefinition } from './route.ts';

export interface HttpAppOptions {
  /** The service's name: audience of service tokens, label of metrics. */
  service: string;
  routes: readonly RouteDefinition[];
  context: { logger: Logger; metrics: Metrics; health: Health; clock: Clock };
  /** Needed as soon as one route's access is `user` or `admin`. */
  authenticator?: Pick<Authenticator, 'verify'> | undefined;
  /** Needed as soon as one route's access is `service`. */
  internalSecret?: string | undefined;
  /** How many proxies in front append to X-Forwarded-For; 0 (the default) takes the socket's address. */
  trustedProxyHops?: number;
  /** Serve /health, /livez, /readyz, /metrics and /openapi.json. Default true. */
  probes?: boolean;
  openApi: OpenApiOptions;
}

export interface HttpApp {
  /** For node-server: `env` carries node's `incoming` and `outgoing`. */
  fetch(request: Request, env?: object): Response | Promise<Response>;
  /** For tests: one request without a server. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** For `node:http`. */
  listener(request: IncomingMessage, response: ServerResponse): void;
  openApiDocument(): OpenApiDocument;
}

/** Builds the application of a service: its routes behind the whole pipeline, and its probes. Listens to nothing. */
export function createHttpApp(_options: HttpAppOptions): HttpApp {
  return undefined as never;
}

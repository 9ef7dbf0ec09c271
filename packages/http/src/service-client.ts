import type { Logger, Metrics } from '@souk/service-runtime';
import type { z } from 'zod';

export interface ServiceClientOptions {
  /** The caller's name, `iss` of the service token. */
  from: string;
  /** The callee's name, `aud` of the service token and name of the breaker. */
  to: string;
  baseUrl: string;
  internalSecret: string;
  /** For the whole call with its retry, in milliseconds. Default 5,000. */
  deadlineMs?: number;
  connectTimeoutMs?: number;
  connectionsMax?: number;
  metrics?: Metrics;
  logger: Logger;
}

export interface ServiceRequest<S extends z.ZodType> {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH';
  /** Path and query below `baseUrl`. */
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Ends the call early, for example when the client has left. */
  signal?: AbortSignal;
  /** Repeating has no further effect: may be retried. GET, PUT and DELETE are so without saying it. */
  idempotent?: boolean;
  traceparent?: string;
  /** Of a 2xx answer's body. */
  schema: S;
}

export interface ServiceClient {
  /**
   * Throws `Refusal`: the callee's own problem for a 4xx (code, detail, errors), `unavailable` where the callee cannot be
   * reached, answers 5xx or nonsense, or takes longer than the deadline. The effect of an `unavailable` call is unknown.
   */
  request<S extends z.ZodType>(request: ServiceRequest<S>): Promise<{ status: number; body: z.output<S> }>;
  close(): Promise<void>;
}

/** Builds the client of one service towards another. */
export function createServiceClient(_options: ServiceClientOptions): ServiceClient {
  return undefined as never;
}

import { Refusal } from '@souk/contracts';
import { type Logger, type Metrics, withSpan } from '@souk/service-runtime';
import type { z } from 'zod';
import { type BreakerOptions, createBreaker, createRetryBudget } from './breaker.ts';
import { refusalOf } from './callee-answer.ts';
import { createCalleeTransport, type Try } from './callee-transport.ts';

const DEADLINE_MS_DEFAULT = 5_000;
const RETRY_PAUSE_MS_MAX = 50;
/** A 500 is one request's bug: if it opened the breaker, one client could cut all others off. */
const OUTAGE_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

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
  breaker?: BreakerOptions;
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
  /** Of a 2xx answer's body; `undefined` is parsed where there is none. */
  schema: S;
}

/** A request whose answer's type does not matter. */
export type AnyServiceRequest = ServiceRequest<z.ZodType>;

export interface ServiceClient {
  /**
   * Throws `Refusal`: the callee's own problem for a 4xx (code, detail, errors), `unavailable` where the callee cannot be
   * reached, answers 5xx or nonsense, or takes longer than the deadline. The effect of an `unavailable` call is unknown.
   */
  request<S extends z.ZodType>(request: ServiceRequest<S>): Promise<{ status: number; body: z.output<S> }>;
  close(): Promise<void>;
}

/** Builds the client of one service towards another. */
export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  const { to, logger, metrics, deadlineMs = DEADLINE_MS_DEFAULT } = options;
  const transport = createCalleeTransport(options, deadlineMs);
  const breaker = createBreaker(options.breaker);
  const budget = createRetryBudget();
  const measured = createClientMetrics(metrics, to, () => breaker.state() !== 'closed');

  /** A call, and at most one retry of it. */
  const call = async (request: AnyServiceRequest, signal: AbortSignal): Promise<Try> => {
    budget.onCall();
    const first = await transport.send(request, signal);
    if (signal.aborted || !mayRetry(first, request) || !budget.spend()) return first;
    measured.onRetry();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * RETRY_PAUSE_MS_MAX));
    return signal.aborted ? first : await transport.send(request, signal);
  };

  const callGuarded = async (request: AnyServiceRequest): Promise<Try> => {
    const settle = breaker.acquire();
    if (settle === undefined) throw unavailable(to);
    const deadline = createDeadline(deadlineMs, request.signal);
    const startedMs = performance.now();
    const result = await call(request, deadline.signal);
    deadline.clear();
    const isFailure = result.kind === 'failure' || OUTAGE_STATUSES.has(result.status);
    settle(request.signal?.aborted === true ? 'unknown' : isFailure ? 'failure' : 'success');
    measured.onFinished(result.kind === 'answer' ? String(result.status) : 'none', startedMs);
    return result;
  };

  return {
    async request(request) {
      const spanOptions = { kind: 'client', traceparent: request.traceparent } as const;
      const result = await withSpan(`${request.method} ${to}`, spanOptions, () => callGuarded(request));
      return { status: statusOf(result), body: bodyOf(result, request, { to, logger }) };
    },
    close: transport.close,
  };
}

function statusOf(result: Try): number {
  return result.kind === 'answer' ? result.status : 0;
}

/** The parsed body of a 2xx answer; throws the Refusal for everything else, and logs what the caller cannot mend. */
function bodyOf<S extends z.ZodType>(
  result: Try,
  request: ServiceRequest<S>,
  { to, logger }: { to: string; logger: Logger },
): z.output<S> {
  const { path } = request;
  if (result.kind === 'failure') {
    if (request.signal?.aborted !== true) logger.warn({ to, path, error: result.error }, 'A call failed');
    throw unavailable(to, result.error);
  }
  const { status, json } = result;
  if (status >= 400) {
    const refusal = refusalOf(json, result.retryAfter);
    if (refusal !== undefined) throw refusal;
    logger.error({ to, path, status, answer: json }, 'A call was refused');
    throw unavailable(to);
  }
  const body = request.schema.safeParse(json);
  if (body.success) return body.data;
  logger.error({ to, path, error: body.error }, 'An answer breaks its schema');
  throw unavailable(to, body.error);
}

function unavailable(to: string, cause?: unknown): Refusal {
  return new Refusal('unavailable', `The ${to.replace(/-service$/, '')} side does not answer; try again`, {
    retryAfterSeconds: 1,
    cause,
  });
}

function mayRetry(result: Try, request: AnyServiceRequest): boolean {
  const idempotent = request.idempotent ?? (request.method !== 'POST' && request.method !== 'PATCH');
  if (result.kind === 'answer') return idempotent && (result.status === 502 || result.status === 504);
  return result.retryable === 'always' || (result.retryable === 'idempotent' && idempotent);
}

/** A signal that ends with the time or with the caller; without AbortSignal.any, which costs 20 µs a call. */
function createDeadline(deadlineMs: number, outer: AbortSignal | undefined): { signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, deadlineMs);
  if (outer?.aborted) abort();
  else outer?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}

function createClientMetrics(metrics: Metrics | undefined, to: string, isOpen: () => boolean) {
  const duration = metrics?.histogram('http_client_request_duration_seconds', 'Duration of calls to other services', {
    labels: ['server_address', 'http_response_status_code'],
  });
  const retries = metrics?.counter('souk_client_retries_total', 'Calls that were made a second time', ['to']);
  metrics?.gauge(`souk_breaker_open_${to.replaceAll('-', '_')}`, `Whether calls to ${to} fail at once`, {
    collect: (gauge) => gauge.set(isOpen() ? 1 : 0),
  });
  return {
    onRetry: () => retries?.inc({ to }),
    onFinished: (status: string, startedMs: number) =>
      duration?.observe(
        { server_address: to, http_response_status_code: status },
        (performance.now() - startedMs) / 1000,
      ),
  };
}

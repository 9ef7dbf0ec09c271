import { Refusal } from '@souk/contracts';
import { childTraceparent, currentTraceparent, type Logger, type Metrics, withSpan } from '@souk/service-runtime';
import { Pool } from 'undici';
import type { z } from 'zod';
import { type BreakerOptions, createBreaker, createRetryBudget } from './breaker.ts';
import { refusalOf } from './callee-answer.ts';
import { createServiceTokenSigner } from './service-token.ts';

const DEADLINE_MS_DEFAULT = 5_000;
const CONNECT_TIMEOUT_MS_DEFAULT = 1_000;
const CONNECTIONS_MAX_DEFAULT = 64;
/** Shorter than the 65 s after which our servers close an idle connection, so that we never reuse one that is closing. */
const KEEP_ALIVE_MS = 30_000;
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
const RETRY_PAUSE_MS_MAX = 50;

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

export interface ServiceClient {
  /**
   * Throws `Refusal`: the callee's own problem for a 4xx (code, detail, errors), `unavailable` where the callee cannot be
   * reached, answers 5xx or nonsense, or takes longer than the deadline. The effect of an `unavailable` call is unknown.
   */
  request<S extends z.ZodType>(request: ServiceRequest<S>): Promise<{ status: number; body: z.output<S> }>;
  close(): Promise<void>;
}

/** What one try brought: an answer, or the reason why there is none. */
type Try =
  | { kind: 'answer'; status: number; json: unknown; retryAfter: string | undefined }
  | { kind: 'failure'; error: unknown; retryable: 'always' | 'idempotent' | 'never' };

/** Builds the client of one service towards another. */
export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  const { from, to, logger, metrics, deadlineMs = DEADLINE_MS_DEFAULT } = options;
  const base = new URL(options.baseUrl);
  const basePath = base.pathname.replace(/\/$/, '');
  const pool = new Pool(base.origin, {
    connections: options.connectionsMax ?? CONNECTIONS_MAX_DEFAULT,
    connect: { timeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS_DEFAULT },
    headersTimeout: deadlineMs,
    bodyTimeout: deadlineMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxResponseSize: ANSWER_BYTES_MAX,
  });
  const breaker = createBreaker(options.breaker);
  const budget = createRetryBudget();
  const sign = createServiceTokenSigner({ secret: options.internalSecret, issuer: from });
  const measured = createClientMetrics(metrics, to, () => breaker.state() !== 'closed');

  const tryOnce = async (request: ServiceRequest<z.ZodType>, signal: AbortSignal): Promise<Try> => {
    const headers: Record<string, string> = {
      accept: 'application/json',
      ...request.headers,
      authorization: `Bearer ${await sign(to)}`,
      traceparent: request.traceparent ?? childTraceparent(currentTraceparent()),
    };
    const body = request.body === undefined ? null : JSON.stringify(request.body);
    if (body !== null) headers['content-type'] = 'application/json';
    try {
      const answer = await pool.request({
        method: request.method,
        path: `${basePath}${request.path}`,
        headers,
        body,
        signal,
      });
      const text = await answer.body.text();
      const retryAfter = answer.headers['retry-after'];
      const json: unknown = text === '' ? undefined : JSON.parse(text);
      return { kind: 'answer', status: answer.statusCode, json, retryAfter: retryAfter?.toString() };
    } catch (error) {
      return { kind: 'failure', error, retryable: retryabilityOf(error) };
    }
  };

  /** A call, and at most one retry of it. */
  const call = async (request: ServiceRequest<z.ZodType>, signal: AbortSignal): Promise<Try> => {
    budget.onCall();
    const first = await tryOnce(request, signal);
    if (signal.aborted || !mayRetry(first, request) || !budget.spend()) return first;
    measured.onRetry();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * RETRY_PAUSE_MS_MAX));
    return signal.aborted ? first : await tryOnce(request, signal);
  };

  const callGuarded = async (request: ServiceRequest<z.ZodType>): Promise<Try> => {
    const settle = breaker.acquire();
    if (settle === undefined) throw unavailable(to);
    const deadline = createDeadline(deadlineMs, request.signal);
    const startedMs = performance.now();
    const result = await call(request, deadline.signal);
    deadline.clear();
    const isFailure = result.kind === 'failure' || result.status >= 500;
    settle(request.signal?.aborted === true ? 'unknown' : isFailure ? 'failure' : 'success');
    measured.onFinished(result.kind === 'answer' ? String(result.status) : 'none', startedMs);
    return result;
  };

  return {
    async request(request) {
      const spanOptions = { kind: 'client', traceparent: request.traceparent } as const;
      const { traceparent: _parent, ...rest } = request;
      const name = `${request.method} ${to}`;
      const result = await withSpan(name, spanOptions, () =>
        callGuarded({ ...rest, traceparent: currentTraceparent() } as never),
      );
      if (result.kind === 'failure') {
        if (request.signal?.aborted !== true)
          logger.warn({ to, path: request.path, error: result.error }, 'A call failed');
        throw unavailable(to, result.error);
      }
      if (result.status >= 400) {
        const refusal = refusalOf(result.json, result.retryAfter);
        if (refusal !== undefined) throw refusal;
        logger.error({ to, path: request.path, status: result.status, answer: result.json }, 'A call was refused');
        throw unavailable(to);
      }
      const body = request.schema.safeParse(result.json);
      if (body.success) return { status: result.status, body: body.data as z.output<typeof request.schema> };
      logger.error({ to, path: request.path, error: body.error }, 'An answer breaks its schema');
      throw unavailable(to, body.error);
    },
    close: () => pool.destroy(),
  };
}

function unavailable(to: string, cause?: unknown): Refusal {
  return new Refusal('unavailable', `The ${to.replace(/-service$/, '')} side does not answer; try again`, {
    retryAfterSeconds: 1,
    cause,
  });
}

function mayRetry(result: Try, request: ServiceRequest<z.ZodType>): boolean {
  const idempotent = request.idempotent ?? (request.method !== 'POST' && request.method !== 'PATCH');
  if (result.kind === 'answer') return idempotent && (result.status === 502 || result.status === 504);
  return result.retryable === 'always' || (result.retryable === 'idempotent' && idempotent);
}

/** Nothing was sent: any call may go again. The connection broke later: only one that may be repeated. */
function retryabilityOf(error: unknown): 'always' | 'idempotent' | 'never' {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (['ECONNREFUSED', 'EAI_AGAIN', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT'].includes(code)) return 'always';
  if (['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED'].includes(code)) return 'idempotent';
  return 'never';
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

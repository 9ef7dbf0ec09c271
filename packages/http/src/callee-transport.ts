import { currentTraceparent, newTraceparent } from '@souk/service-runtime';
import { Pool } from 'undici';
import type { AnyServiceRequest, ServiceClientOptions } from './service-client.ts';
import { createServiceTokenSigner } from './service-token.ts';

const CONNECT_TIMEOUT_MS_DEFAULT = 1_000;
const CONNECTIONS_MAX_DEFAULT = 64;
/** Shorter than the 65 s after which our servers close an idle connection, so that we never reuse one that is closing. */
const KEEP_ALIVE_MS = 30_000;
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;

/** What one try brought: an answer, or the reason why there is none. */
export type Try =
  | { kind: 'answer'; status: number; json: unknown; retryAfter: string | undefined }
  | { kind: 'failure'; error: unknown; retryable: 'always' | 'idempotent' | 'never' };

export interface CalleeTransport {
  /** One HTTP request with a service token and the current trace; never rejects. */
  send(request: AnyServiceRequest, signal: AbortSignal): Promise<Try>;
  close(): Promise<void>;
}

export function createCalleeTransport(options: ServiceClientOptions, deadlineMs: number): CalleeTransport {
  const base = new URL(options.baseUrl);
  const basePath = base.pathname.replace(/\/$/, '');
  const sign = createServiceTokenSigner({ secret: options.internalSecret, issuer: options.from });
  const pool = new Pool(base.origin, {
    connections: options.connectionsMax ?? CONNECTIONS_MAX_DEFAULT,
    connect: { timeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS_DEFAULT },
    headersTimeout: deadlineMs,
    bodyTimeout: deadlineMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxResponseSize: ANSWER_BYTES_MAX,
  });
  return {
    async send({ method, path, body: given, headers: own }, signal) {
      const body = given === undefined ? null : JSON.stringify(given);
      try {
        const headers: Record<string, string> = {
          accept: 'application/json',
          ...own,
          authorization: `Bearer ${await sign(options.to)}`,
          traceparent: currentTraceparent() ?? newTraceparent(),
        };
        if (body !== null) headers['content-type'] = 'application/json';
        const answer = await pool.request({ method, path: `${basePath}${path}`, headers, body, signal });
        const text = await answer.body.text();
        const json: unknown = text === '' ? undefined : JSON.parse(text);
        return {
          kind: 'answer',
          status: answer.statusCode,
          json,
          retryAfter: answer.headers['retry-after']?.toString(),
        };
      } catch (error) {
        return { kind: 'failure', error, retryable: retryabilityOf(error) };
      }
    },
    close: () => pool.destroy(),
  };
}

/** Nothing was sent: any call may go again. The connection broke later: only one that may be repeated. */
function retryabilityOf(error: unknown): 'always' | 'idempotent' | 'never' {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (['ECONNREFUSED', 'EAI_AGAIN', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT'].includes(code)) return 'always';
  if (['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED'].includes(code)) return 'idempotent';
  return 'never';
}

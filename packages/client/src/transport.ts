import { type Answer, readAnswer } from './answer.ts';
import { ClientError, ConnectionError, DeadlineError, ProblemError, UnexpectedAnswerError } from './client-error.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import type { HttpRequest } from './http-request.ts';

export interface TransportOptions {
  fetch: typeof fetch;
  /** For a whole call, all tries included. */
  timeoutMs: number;
  /** Tries beside the first. */
  retriesMax: number;
}

export interface CallLimits {
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface Transport {
  send<Body>(request: HttpRequest, limits?: CallLimits): Promise<Answer<Body>>;
}

const FIRST_PAUSE_MS = 200;
const HIGHEST_PAUSE_MS = 5_000;

/**
 * Sends requests under one deadline per call, and again where that can do no harm: what the limiter refused, and, for
 * reads and calls with an Idempotency-Key, also what got no answer, or one that leaves the outcome open.
 */
export function createTransport(options: TransportOptions): Transport {
  const attempt = async <Body>(request: HttpRequest, deadline: Deadline): Promise<Answer<Body>> => {
    try {
      const { method, headers, body, url } = request;
      const response = await options.fetch(url, {
        method,
        headers,
        signal: deadline.signal,
        ...(body === undefined ? {} : { body }),
      });
      return await readAnswer<Body>(response);
    } catch (error) {
      throw error instanceof ClientError ? error : deadline.toError(error);
    }
  };
  return {
    send: async (request, limits = {}) => {
      const deadline = createDeadline(limits.timeoutMs ?? options.timeoutMs, limits.signal);
      for (let retry = 0; ; retry += 1) {
        try {
          return await attempt(request, deadline);
        } catch (error) {
          if (retry >= options.retriesMax || !isWorthRepeating(error, request)) throw error;
          const pauseMs = pauseBefore(retry, error);
          if (pauseMs >= deadline.leftMs()) throw error; // it says more than a deadline that passed while waiting
          await deadline.sleep(pauseMs).catch((reason) => {
            throw deadline.toError(reason);
          });
        }
      }
    },
  };
}

function isWorthRepeating(error: unknown, request: HttpRequest): boolean {
  if (error instanceof DeadlineError) return false;
  if (error instanceof ProblemError && error.slug === 'rate-limited') return true; // refused before it did anything
  if (!request.isRepeatable) return false;
  if (error instanceof ConnectionError) return true;
  if (error instanceof ProblemError && error.slug === 'idempotency-in-progress') return true;
  const status = error instanceof ProblemError || error instanceof UnexpectedAnswerError ? error.status : 0;
  return [408, 502, 503, 504].includes(status);
}

/** Full jitter over a doubling pause, and never before Retry-After. */
function pauseBefore(retry: number, error: unknown): number {
  const asked = error instanceof ProblemError ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
  return asked + Math.random() * Math.min(HIGHEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** retry);
}

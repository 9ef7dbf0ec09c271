import { performance } from 'node:perf_hooks';
import { type Dispatcher, Pool } from 'undici';

/** What one closed loop of a fixed number of connections did. Times in milliseconds. */
export interface LoadResult {
  requests: number;
  durationMs: number;
  perSecond: number;
  latencyMsP50: number;
  latencyMsP95: number;
  latencyMsP99: number;
  /** Answers by status; a connection error counts as status 0. */
  statuses: Record<number, number>;
}

export interface Answer {
  status: number;
  body: string;
  headers: Dispatcher.ResponseData['headers'];
}

/** Anything that sends one request and resolves with the status it got. */
export type Shot = (sequence: number) => Promise<number>;

/** One connection pool towards the gateway. Bodies are read whole, as a client would. */
export function createSender(baseUrl: string, connections: number) {
  const pool = new Pool(baseUrl, { connections, pipelining: 1, headersTimeout: 15_000, bodyTimeout: 15_000 });
  async function send(options: {
    method?: Dispatcher.HttpMethod;
    path: string;
    headers?: Record<string, string>;
    body?: unknown;
  }): Promise<Answer> {
    const body = options.body === undefined ? null : JSON.stringify(options.body);
    const headers = { ...options.headers, ...(body === null ? {} : { 'content-type': 'application/json' }) };
    const answer = await pool.request({ method: options.method ?? 'GET', path: options.path, headers, body });
    return { status: answer.statusCode, body: await answer.body.text(), headers: answer.headers };
  }
  return { send, close: () => pool.close() };
}
export type Sender = ReturnType<typeof createSender>;

/**
 * Runs `shot` on `connections` loops side by side, each sending its next request when the last one is answered, until
 * `durationMs` has passed or `requestsMax` were sent. Bounded in both, so that a stuck platform ends the run.
 */
export async function runLoad(options: {
  shot: Shot;
  connections: number;
  durationMs: number;
  requestsMax?: number;
}): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  const statuses: Record<number, number> = {};
  const startedAt = performance.now();
  let sent = 0;
  async function loop(): Promise<void> {
    while (performance.now() - startedAt < options.durationMs && sent < (options.requestsMax ?? 1_000_000)) {
      sent += 1;
      const sentAt = performance.now();
      const status = await options.shot(sent).catch(() => 0);
      latenciesMs.push(performance.now() - sentAt);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  }
  await Promise.all(Array.from({ length: options.connections }, loop));
  const durationMs = performance.now() - startedAt;
  return {
    requests: latenciesMs.length,
    durationMs,
    perSecond: (latenciesMs.length * 1000) / durationMs,
    ...percentiles(latenciesMs),
    statuses,
  };
}

/** The percentiles of a list of times; all zero for an empty list. */
export function percentiles(valuesMs: number[]) {
  const sorted = valuesMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { latencyMsP50: at(0.5), latencyMsP95: at(0.95), latencyMsP99: at(0.99) };
}

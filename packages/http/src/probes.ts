import { PROBLEMS, Refusal } from '@souk/contracts';
import type { Health, Metrics } from '@souk/service-runtime';
import type { HttpRequest } from './http-request.ts';
import { PROBLEM_CONTENT_TYPE, problemDocument } from './problem.ts';
import { type Reply, reply } from './reply.ts';

export type Probe = (request: HttpRequest) => Promise<Reply> | Reply;

export interface ProbesOptions {
  health: Health;
  metrics: Metrics;
  openApiText: () => string;
}

/** What every service port answers beside its routes: path -> GET. Probes are never counted, limited or logged. */
export function createProbes({ health, metrics, openApiText }: ProbesOptions): Record<string, Probe> {
  const ok = JSON.stringify({ status: 'ok' });
  return {
    '/health': () => reply.okText(ok),
    '/livez': (request) =>
      health.live() ? reply.okText(ok) : notServing(request, { detail: 'The event loop does not keep up' }),
    '/readyz': async (request) => {
      const { ready, checks } = await health.readiness();
      if (ready) return reply.ok({ status: 'ok', checks });
      const failing = Object.keys(checks).filter((name) => checks[name] !== 'ok');
      return notServing(request, { detail: `Not ready: ${failing.join(', ')}`, checks });
    },
    '/metrics': async () =>
      reply.okText(await metrics.registry.metrics(), { headers: { 'content-type': metrics.registry.contentType } }),
    '/openapi.json': () => reply.okText(openApiText()),
  };
}

function notServing(
  request: HttpRequest,
  { detail, checks }: { detail: string; checks?: Record<string, string> },
): Reply {
  const document = problemDocument(new Refusal('unavailable', detail), request);
  return {
    status: PROBLEMS.unavailable.status,
    body: checks === undefined ? document : { ...document, checks },
    headers: { 'content-type': PROBLEM_CONTENT_TYPE, 'retry-after': '1' },
  };
}

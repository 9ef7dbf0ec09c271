import type { Health, Metrics } from '@souk/service-runtime';

export interface ProbesOptions {
  health: Health;
  metrics: Metrics;
  /** What keeps the process from its work for good, undefined when nothing does. */
  problem: () => string | undefined;
}

const json = (status: number, body: unknown) => Response.json(body, { status });

/** /livez is about the event loop, the watches and the passes; /readyz about being able to lead. */
export function createProbes({ health, metrics, problem }: ProbesOptions) {
  return async (request: Request): Promise<Response> => {
    switch (new URL(request.url).pathname) {
      case '/livez': {
        const detail = health.live() ? problem() : 'The event loop does not keep up';
        return detail === undefined ? json(200, { status: 'ok' }) : json(503, { status: 'failing', detail });
      }
      case '/readyz': {
        const { checks, ready } = await health.readiness();
        return json(ready ? 200 : 503, { status: ready ? 'ok' : 'failing', checks });
      }
      case '/metrics': {
        const headers = { 'content-type': metrics.registry.contentType };
        return new Response(await metrics.registry.metrics(), { headers });
      }
      default:
        return json(404, { status: 'not found' });
    }
  };
}

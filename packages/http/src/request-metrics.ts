import type { Logger, Metrics } from '@souk/service-runtime';
import type { HttpRequest } from './http-request.ts';
import type { RouteDefinition } from './route.ts';

export interface FinishedRequest {
  request: HttpRequest;
  route: RouteDefinition | undefined;
  status: number;
  /** `performance.now()` at its beginning. */
  startedMs: number;
}

/** Counts and logs each request. The names are OpenTelemetry's; the route is the template, never the path. */
export function createRequestMetrics(metrics: Metrics, logger: Logger): (finished: FinishedRequest) => void {
  const duration = metrics.histogram('http_server_request_duration_seconds', 'Duration of HTTP requests', {
    labels: ['http_request_method', 'http_route', 'http_response_status_code'],
  });
  // prom-client builds and hashes a label set on every call; the finished child costs a third.
  const children = new Map<RouteDefinition | undefined, Map<number, { observe(seconds: number): void }>>();
  const childOf = (route: RouteDefinition | undefined, status: number) => {
    const byStatus = children.get(route) ?? new Map<number, { observe(seconds: number): void }>();
    children.set(route, byStatus);
    const child = byStatus.get(status) ?? duration.labels(route?.method ?? '_OTHER', route?.path ?? '', String(status));
    byStatus.set(status, child);
    return child;
  };
  return ({ request, route, status, startedMs }) => {
    const elapsedMs = performance.now() - startedMs;
    childOf(route, status).observe(elapsedMs / 1000);
    if (!logger.isLevelEnabled('debug')) return;
    const { requestId, traceId, method, path } = request;
    logger.debug({ requestId, traceId, method, path, status, elapsedMs: Math.round(elapsedMs) }, 'Answered');
  };
}

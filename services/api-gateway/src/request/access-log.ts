import type { Logger, Metrics } from '@souk/service-runtime';
import type { Exchange } from './exchange.ts';

/** The status that stands for a client that left before its answer (nginx's convention); nobody receives it. */
const CLIENT_CLOSED_REQUEST = 499;
const PATH_LENGTH_MAX = 512;

/** Writes one line and one figure for each finished exchange. */
export function createAccessLog(options: { logger: Logger; metrics: Metrics }): (exchange: Exchange) => void {
  const { logger, metrics } = options;
  const duration = metrics.histogram('http_server_request_duration_seconds', 'Duration of HTTP requests', {
    labels: ['http_request_method', 'http_route', 'http_response_status_code'],
  });
  // Finding a child by its labels costs prom-client more than observing: they are kept by route and status.
  const children = new Map<string, { observe(seconds: number): void }>();

  return (exchange) => {
    const { response, request, route } = exchange;
    const status = response.writableFinished ? response.statusCode : CLIENT_CLOSED_REQUEST;
    const elapsedMs = performance.now() - exchange.startedMs;
    const key = `${route?.method ?? ''} ${route?.path ?? ''} ${status}`;
    let child = children.get(key);
    if (child === undefined) {
      child = duration.labels(route?.method ?? '_OTHER', route?.path ?? '', String(status));
      children.set(key, child);
    }
    child.observe(elapsedMs / 1_000);
    if (exchange.isProbe || !logger.isLevelEnabled('info')) return;
    logger.info(
      {
        requestId: exchange.requestId,
        traceId: exchange.traceId,
        method: request.method,
        // Without the query: a client may have put a secret there.
        path: exchange.path.slice(0, PATH_LENGTH_MAX),
        status,
        elapsedMs: Math.round(elapsedMs * 10) / 10,
        upstream: route?.upstream,
        userId: exchange.userId,
        address: exchange.address,
      },
      'Answered',
    );
  };
}

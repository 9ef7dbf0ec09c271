import { type Logger, lineWriterOf, type Metrics, redactText } from '@souk/service-runtime';
import type { Exchange } from './exchange.ts';

/** The status that stands for a client that left before its answer (nginx's convention); nobody receives it. */
const CLIENT_CLOSED_REQUEST = 499;
const PATH_LENGTH_MAX = 512;

/** Writes one line and one figure for each finished exchange. */
export function createAccessLog(options: {
  service: string;
  logger: Logger;
  metrics: Metrics;
}): (exchange: Exchange) => void {
  const { service, logger, metrics } = options;
  const writeLine = lineWriterOf(logger);
  const duration = metrics.histogram('http_server_request_duration_seconds', 'Duration of HTTP requests', {
    labels: ['http_request_method', 'http_route', 'http_response_status_code'],
  });
  // Finding a child by its labels costs prom-client more than observing: they are kept by route and status.
  const children = new Map<string, { observe(seconds: number): void }>();

  return (exchange) => {
    const { response, route } = exchange;
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
    writeLine(toAccessLine(exchange, { service, status, elapsedMs, at: new Date() }));
  };
}

/**
 * The line that the logger would write, put together by hand: this is the hottest line of the platform. Only what a
 * client chose can hold a secret, and is searched for one: a request id of its own, a path that is not its route's.
 */
export function toAccessLine(
  exchange: Pick<Exchange, 'request' | 'requestId' | 'traceId' | 'route' | 'path' | 'userId' | 'address'>,
  facts: { service: string; status: number; elapsedMs: number; at: Date },
): string {
  const { request, route, path, userId } = exchange;
  const sentRequestId = request.headers['x-request-id'] !== undefined;
  const requestId = sentRequestId ? redactText(exchange.requestId) : exchange.requestId;
  const shownPath = path === route?.path ? path : redactText(path.slice(0, PATH_LENGTH_MAX));
  return (
    `{"level":"info","time":"${facts.at.toISOString()}","service":"${facts.service}","requestId":"${requestId}",` +
    `"traceId":"${exchange.traceId}","method":"${request.method ?? ''}","path":${JSON.stringify(shownPath)},` +
    `"status":${facts.status},"elapsedMs":${Math.round(facts.elapsedMs * 10) / 10},` +
    (route === undefined ? '' : `"upstream":"${route.upstream}",`) +
    (userId === undefined ? '' : `"userId":"${userId}",`) +
    `"address":"${exchange.address}","message":"Answered"}\n`
  );
}

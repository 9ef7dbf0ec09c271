import { once } from 'node:events';
import { currentTraceparent, withSpan } from '@souk/service-runtime';
import type { Exchange } from './exchange.ts';

/** Records an exchange as one span (OpenTelemetry's conventions for HTTP servers), from its first check to its last byte. */
export async function recordSpan(exchange: Exchange, handle: () => Promise<void>): Promise<void> {
  const { request, response } = exchange;
  const sent = request.headers.traceparent;
  const traceparent = typeof sent === 'string' ? sent : undefined;
  const method = request.method ?? '';
  await withSpan(method, { kind: 'server', traceparent }, async (span) => {
    exchange.traceparent = currentTraceparent() ?? exchange.traceparent;
    const closed = once(response, 'close');
    await handle();
    await closed;
    if (exchange.route !== undefined) span?.updateName(`${method} ${exchange.route.path}`);
    span?.setAttributes({
      'http.request.method': method,
      'http.route': exchange.route?.path ?? '',
      'http.response.status_code': response.statusCode,
      'url.path': exchange.path,
    });
  });
}

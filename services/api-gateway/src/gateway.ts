import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal } from '@souk/contracts';
import { type Authenticator, addressKeyOf, RefusalWithHeaders } from '@souk/http';
import type { Logger } from '@souk/service-runtime';
import type { Dispatcher } from 'undici';
import type { LeasedRateLimiter } from './limits/leased-rate-limiter.ts';
import type { Page } from './pages/page.ts';
import { DEADLINE_MS, relay } from './relay/relay.ts';
import type { Upstream } from './relay/upstream.ts';
import { accessTokenOf } from './request/access-token.ts';
import { ClientGoneError, checkContentLength, hasBody, readBody } from './request/body.ts';
import type { Cors } from './request/cors.ts';
import { toUpstreamHeaders } from './request/edge-headers.ts';
import { Exchange } from './request/exchange.ts';
import { parseRequestTarget, withVersion } from './request/request-target.ts';
import { recordSpan } from './request/tracing.ts';
import type { Route, Upstream as UpstreamName } from './routes.ts';
import type { RouteTable } from './routing/route-table.ts';

const HEADERS_MAX = 100;
/** A page of the shop shows a hundred pictures: they have a wider limit of their own. */
const MEDIA_LIMIT_FACTOR = 10;

export interface GatewayOptions {
  routes: RouteTable;
  upstreams: ReadonlyMap<UpstreamName, Upstream>;
  /** The gateway's own pages by path. */
  findPage: (path: string) => Page | undefined;
  authenticator: Pick<Authenticator, 'verify'>;
  /** Undefined where limits are off. */
  rateLimiter: LeasedRateLimiter | undefined;
  rateLimitPerMinute: number;
  trustedProxyHops: number;
  isDraining: () => boolean;
  /** Whether somebody collects spans; it costs each request an asynchronous context. */
  recordSpans: boolean;
  cors: Cors;
  logger: Logger;
  onFinished: (exchange: Exchange) => void;
}

export type Gateway = (request: IncomingMessage, response: ServerResponse) => void;

/** Builds the request listener: every check in the order of precedence of the HTTP contract, then the relay. */
export function createGateway(options: GatewayOptions): Gateway {
  return (request, response) => {
    const exchange = new Exchange(request, response, options);
    response.once('close', () => options.onFinished(exchange));
    const answer = () => handle(exchange, options).catch((error: unknown) => fail(exchange, error, options.logger));
    void (options.recordSpans ? recordSpan(exchange, answer) : answer());
  };
}

async function handle(exchange: Exchange, options: GatewayOptions): Promise<void> {
  const { request } = exchange;
  if (request.rawHeaders.length > 2 * HEADERS_MAX) {
    throw new Refusal('header-too-large', `Expected at most ${HEADERS_MAX} header fields`);
  }
  const target = parseRequestTarget(request.url ?? '/', request.headers.host);
  exchange.path = target.path;
  checkContentLength(request);
  // A chunked body says its length only at its end, and 413 comes before everything that follows.
  let body = request.headers['transfer-encoding'] === undefined ? null : await readBody(request);

  const page = options.findPage(target.path);
  if (page !== undefined) return answerPage(exchange, page, options);
  const path = withVersion(target.path);
  const match = options.routes.match(request.method ?? '', path);
  if (match.kind === 'not-found') throw new Refusal('not-found', 'No resource has this path');
  if (request.method === 'OPTIONS' && match.kind === 'method-not-allowed') {
    return answerOptions(exchange, match.allow, options.cors);
  }
  if (match.kind === 'method-not-allowed') throw methodNotAllowed(match.allow);
  exchange.route = match.route;

  const refusal = match.route.access === 'token' ? await identify(exchange, options.authenticator) : undefined;
  await limit(exchange, options, match.route);
  if (refusal !== undefined) throw refusal;
  if (body === null && hasBody(request)) body = await readBody(request);
  pass(exchange, options, { route: match.route, target: path + target.query, body });
}

/** Sets whose request this is; hands back why not, because a limit that is reached comes before that answer. */
async function identify(exchange: Exchange, authenticator: Pick<Authenticator, 'verify'>): Promise<unknown> {
  try {
    const caller = await authenticator.verify(accessTokenOf(exchange.request));
    exchange.userId = caller.userId;
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A token that is no good counts for the address, never for the user it names. */
async function limit(exchange: Exchange, options: GatewayOptions, route?: Route): Promise<void> {
  const { rateLimiter, rateLimitPerMinute } = options;
  if (rateLimiter === undefined) return;
  const isMedia = route?.path.startsWith('/media/') ?? false;
  const client = exchange.userId ?? addressKeyOf(exchange.address);
  const counted = isMedia
    ? rateLimiter.consume(`media:${client}`, rateLimitPerMinute * MEDIA_LIMIT_FACTOR)
    : rateLimiter.consume(client, rateLimitPerMinute);
  const decision = counted instanceof Promise ? await counted : counted;
  exchange.rateLimit = decision;
  if (decision.allowed) return;
  throw new Refusal('rate-limited', `Expected at most ${decision.limit} requests a minute`, {
    retryAfterSeconds: decision.resetSeconds,
  });
}

function pass(
  exchange: Exchange,
  options: GatewayOptions,
  call: { route: Route; target: string; body: Buffer | null },
): void {
  const { request, response } = exchange;
  const { route, target, body } = call;
  const upstream = options.upstreams.get(route.upstream);
  if (upstream === undefined) throw new Refusal('unavailable', 'The service is not known here');
  const { method = 'GET', headers, rawHeaders } = request;
  relay(upstream, {
    method: method as Dispatcher.HttpMethod,
    target,
    headers: toUpstreamHeaders(rawHeaders, headers.connection, {
      requestId: exchange.requestId,
      traceparent: exchange.traceparent,
      address: exchange.address,
      host: headers.host ?? '',
    }),
    body,
    kind: route.streams === true && headers.accept?.includes('text/event-stream') === true ? 'stream' : 'call',
    // A key that the service does not look at makes nothing safe to repeat.
    repeatable: route.method === 'GET' || (route.keyed === true && headers['idempotency-key'] !== undefined),
    response,
    decorate: (answer) => exchange.decorate(answer),
    refuse: (refusal) => fail(exchange, refusal, options.logger),
  });
}

async function answerPage(exchange: Exchange, page: Page, options: GatewayOptions): Promise<void> {
  const { method } = exchange.request;
  exchange.isProbe = page.isProbe ?? false;
  if (method === 'OPTIONS') return answerOptions(exchange, 'GET, HEAD', options.cors);
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed('GET, HEAD');
  if (!exchange.isProbe) await limit(exchange, options);
  exchange.answer(200, { 'content-type': page.contentType, ...page.headers }, page.bytes ?? page.body);
  endWithin(exchange.response, DEADLINE_MS);
}

/** A client that does not read its answer must not keep it here for as long as it likes. */
function endWithin(response: ServerResponse, deadlineMs: number): void {
  const timer = setTimeout(() => response.destroy(), deadlineMs).unref();
  response.once('close', () => clearTimeout(timer));
}

function answerOptions(exchange: Exchange, allow: string, cors: Cors): void {
  const { headers } = exchange.request;
  const answer = { allow: `${allow}, OPTIONS` };
  cors.decoratePreflight(answer, headers.origin, headers['access-control-request-method']);
  exchange.answerEmpty(204, answer);
}

function methodNotAllowed(allow: string): Refusal {
  return new RefusalWithHeaders('method-not-allowed', `Expected one of ${allow}`, { headers: { allow } });
}

/** The one place where errors become answers. */
function fail(exchange: Exchange, error: unknown, logger: Logger): void {
  const { requestId, traceId } = exchange;
  if (error instanceof ClientGoneError) {
    exchange.response.destroy();
    return;
  }
  if (error instanceof Refusal) {
    if (error.cause !== undefined) {
      logger.warn({ requestId, traceId, code: error.code, error: error.cause }, 'A service did not answer');
    }
    exchange.refuse(error);
    return;
  }
  logger.error({ requestId, traceId, error }, 'The request failed');
  exchange.refuse(new Refusal('internal', 'Something went wrong on our side; the trace id helps to find it'));
}

import { PROBLEMS, type ProblemSlug, Refusal } from '@souk/contracts';
import { KeyValueUnavailableError } from '@souk/key-value';
import { classifyDatabaseError, currentTraceparent, type Logger, withSpan } from '@souk/service-runtime';
import type { Context, MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import {
  type AnyCaller,
  authenticateService,
  authenticateUser,
  type Gatekeepers,
  requireAdmin,
} from './authorization.ts';
import { ClientGoneError, checkContentEncoding } from './body.ts';
import { isNotModified } from './etag.ts';
import type { HttpRequest } from './http-request.ts';
import { parseIdempotencyKey } from './idempotency-key.ts';
import { problemReply } from './problem.ts';
import type { Reply, ReplyHeaders } from './reply.ts';
import type { FinishedRequest } from './request-metrics.ts';
import { parseBody, parseParams, readBody, takesBody, validate } from './request-parsing.ts';
import type { AnyRouteInput, RouteDefinition } from './route.ts';

/** The status that is counted when the client has left; nobody receives it (nginx's convention). */
const CLIENT_CLOSED_REQUEST = 499;
const NO_STORE = 'private, no-store';

/** The name under which limits find the request in Hono's context. */
export const REQUEST_VARIABLE = 'soukRequest';

/** Everything between the limits and the handler, in the order of precedence of the HTTP contract. */
async function handle(
  request: HttpRequest,
  c: Context,
  route: RouteDefinition,
  gatekeepers: Gatekeepers,
): Promise<Reply> {
  const caller = await identify(request, route, gatekeepers);
  if (route.idempotencyKey === true) {
    request.idempotencyKey = parseIdempotencyKey(request.headers.get('idempotency-key'));
  }
  let json: unknown;
  if (route.rawBody === true) {
    checkContentEncoding(request.headers.get('content-encoding'));
    request.rawBody = await readBody(request);
  } else if (takesBody(route)) json = await parseBody(request, route);
  const { query, body } = validate(request, route, json);
  const params = parseParams(c.req.param(), route);
  const input = { params, query, body, caller, request } as unknown as AnyRouteInput;
  return await route.handler(input);
}

async function identify(request: HttpRequest, route: RouteDefinition, gatekeepers: Gatekeepers): Promise<AnyCaller> {
  if (route.access === 'anyone') return undefined;
  if (route.access === 'service') return await authenticateService(request, gatekeepers);
  const caller = await authenticateUser(request, gatekeepers);
  if (route.access === 'admin') requireAdmin(caller);
  return caller;
}

export interface Pipeline {
  gatekeepers: Gatekeepers;
  logger: Logger;
  /** Counts and logs a finished request. */
  onFinished(finished: FinishedRequest): void;
  isDraining(): boolean;
}

/** Runs one request through a route; never rejects. */
export async function runRoute(
  pipeline: Pipeline,
  { route, request, c }: { route: RouteDefinition; request: HttpRequest; c: Context },
): Promise<Response> {
  const startedMs = performance.now();
  const run = async () => {
    request.traceparent = currentTraceparent() ?? request.traceparent;
    const rest = () => handle(request, c, route, pipeline.gatekeepers);
    return route.limits === undefined ? await rest() : await runLimits(c, route.limits, { rest, request });
  };
  let answer: Reply;
  try {
    const spanOptions = { kind: 'server', traceparent: request.headers.get('traceparent') } as const;
    answer = await withSpan(`${route.method} ${route.path}`, spanOptions, async (span) => {
      const given = await run();
      span?.setAttribute('http.response.status_code', given.status);
      return given;
    });
  } catch (error) {
    answer = replyOf(error, request, pipeline.logger);
  }
  const limited = route.limits !== undefined;
  const response = toResponse(answer, { request, route, draining: pipeline.isDraining(), c: limited ? c : undefined });
  pipeline.onFinished({ request, route, status: answer.status, startedMs });
  return response;
}

/** Limits are Hono middleware: each calls `next` to let the request through, or returns the refusal. */
async function runLimits(
  c: Context,
  limits: readonly MiddlewareHandler[],
  { rest, request }: { rest: () => Promise<Reply>; request: HttpRequest },
): Promise<Reply> {
  c.set(REQUEST_VARIABLE, request);
  let answer: Reply | undefined;
  const dispatch = async (index: number): Promise<void> => {
    const limit = limits[index];
    if (limit === undefined) {
      answer = await rest();
      return;
    }
    const response = await limit(c, () => dispatch(index + 1));
    if (response instanceof Response) answer = { status: response.status, response };
  };
  await dispatch(0);
  return answer ?? { status: 204 };
}

/** The one place where errors become answers, and unknown ones are logged. */
export function replyOf(error: unknown, request: HttpRequest, logger: Logger): Reply {
  if (error instanceof Refusal) {
    const status = PROBLEMS[error.code].status;
    if (status >= 500)
      logger.warn(
        { requestId: request.requestId, traceId: request.traceId, code: error.code, error: error.cause },
        'Answered unavailable',
      );
    return problemReply(error, request);
  }
  if (error instanceof ClientGoneError || request.hasLeft()) {
    logger.info({ requestId: request.requestId, traceId: request.traceId }, 'The client left before its answer');
    return { status: CLIENT_CLOSED_REQUEST };
  }
  const code = codeOfUnknown(error);
  const fields = { requestId: request.requestId, traceId: request.traceId, error };
  if (code === 'internal') logger.error(fields, 'The request failed');
  else logger.warn(fields, 'A dependency failed the request');
  return problemReply(new Refusal(code, DETAILS[code]), request);
}

const DETAILS = {
  internal: 'Something went wrong on our side; the trace id helps to find it',
  unavailable: 'The service cannot do this at the moment; try again',
} as const;

function codeOfUnknown(error: unknown): Extract<ProblemSlug, 'internal' | 'unavailable'> {
  if (error instanceof KeyValueUnavailableError) return 'unavailable';
  const { kind } = classifyDatabaseError(error);
  return kind === 'transient' || kind === 'serialization' ? 'unavailable' : 'internal';
}

interface ResponseContext {
  request: HttpRequest;
  /** Undefined where no route was found. */
  route: RouteDefinition | undefined;
  draining: boolean;
  /** Set where limits have left headers in Hono's context. */
  c?: Context | undefined;
}

/**
 * One Response from one plain object: node-server writes status, headers and body straight to the socket as long as
 * nobody touches the real `Response.headers` (measured 15 against 45 µs).
 */
export function toResponse(answer: Reply, { request, route, draining, c }: ResponseContext): Response {
  const headers: ReplyHeaders = { 'x-request-id': request.requestId, 'x-content-type-options': 'nosniff' };
  const answersToken = route !== undefined && route.access !== 'anyone';
  if (answersToken || request.headers.get('authorization') !== undefined) headers['cache-control'] = NO_STORE;
  // RFC 9112 section 9.6: tells keep-alive clients to open their next connection elsewhere.
  if (draining) headers.connection = 'close';
  if (answer.response !== undefined) return withHeaders(answer.response, headers);
  const given = answer.headers;
  let status = answer.status === CLIENT_CLOSED_REQUEST ? 400 : answer.status;
  const etag = given?.etag;
  if (status === 200 && etag !== undefined && route?.method === 'GET') {
    if (isNotModified(request.headers.get('if-none-match'), etag)) status = 304;
  }
  const text = status === 204 || status === 304 ? null : (answer.bodyText ?? textOf(answer.body));
  if (text !== null) headers['content-type'] = 'application/json';
  for (const name in given) {
    const value = given[name];
    if (value === undefined || (text === null && name === 'content-type')) continue;
    if (name !== 'cache-control' || headers['cache-control'] === undefined) headers[name] = value;
  }
  if (c !== undefined) return c.newResponse(text, status as ContentfulStatusCode, headers);
  return new Response(text, { status, headers });
}

function textOf(body: unknown): string | null {
  return body === undefined ? null : JSON.stringify(body);
}

function withHeaders(response: Response, headers: ReplyHeaders): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { CLIENT_CLOSED_REQUEST } from './error-reply.ts';
import { isNotModified } from './etag.ts';
import type { HttpRequest } from './http-request.ts';
import type { Reply, ReplyHeaders } from './reply.ts';
import type { RouteDefinition } from './route.ts';

const NO_STORE = 'private, no-store';

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
  if (answer.response !== undefined) return withHeaders(answer.response, headers, request.method);
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

function withHeaders(response: Response, headers: ReplyHeaders, method: string): Response {
  // Nobody reads a stream that answers HEAD; left alone it would stay open.
  if (method === 'HEAD') response.body?.cancel().catch(() => undefined);
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

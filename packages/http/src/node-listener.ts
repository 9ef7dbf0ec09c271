import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Refusal } from '@souk/contracts';
import { newTraceparent } from '@souk/service-runtime';
import { PROBLEM_CONTENT_TYPE, problemDocument } from './problem.ts';

/** RFC 3986 section 3.2 without user info: a name, an IPv4 address or an IPv6 address in brackets, and a port. */
const AUTHORITY = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;

/** A problem document with no request behind it that anybody could read. */
export function bareProblem(refusal: Refusal, path: string): string {
  return JSON.stringify(problemDocument(refusal, { path, traceId: newTraceparent().slice(3, 35) }));
}

/** Whether there is exactly one Host and it is an authority; node itself takes the first of two. */
export function hasValidHost(incoming: IncomingMessage): boolean {
  const { rawHeaders } = incoming;
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  const host = incoming.headers.host;
  if (count > 1) return false;
  return host === undefined || host === '' ? incoming.httpVersion === '1.0' || host === '' : AUTHORITY.test(host);
}

/** Node's request listener of an application. */
export function toNodeListener(app: {
  fetch(request: Request, env?: object): Response | Promise<Response>;
}): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const malformed = new Refusal('malformed', 'Expected a valid request target and one valid Host header');
  const headers = { 'content-type': PROBLEM_CONTENT_TYPE, 'x-content-type-options': 'nosniff' };
  const listener = getRequestListener(app.fetch, {
    hostname: 'localhost',
    // Reached only by targets and hosts that make no URL: the application itself never rejects.
    errorHandler: () =>
      new Response(bareProblem(malformed, '/'), { status: 400, headers: { ...headers, 'x-request-id': randomUUID() } }),
  });
  return (incoming, outgoing) => {
    if (hasValidHost(incoming)) {
      void listener(incoming, outgoing);
      return;
    }
    const body = bareProblem(malformed, incoming.url?.split('?')[0] ?? '/');
    const length = Buffer.byteLength(body);
    const own = { 'x-request-id': randomUUID(), 'content-length': length, connection: 'close' };
    outgoing.writeHead(400, { ...headers, ...own }).end(body);
    incoming.resume();
  };
}

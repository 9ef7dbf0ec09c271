import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { childTraceparent } from '@souk/service-runtime';
import { clientAddress } from './client-address.ts';
import { parseIfMatch } from './etag.ts';
import type { IfMatch, RequestContext } from './request-context.ts';

/** What node-server hands over beside the Request; absent in tests without a server. */
export interface NodeBindings {
  incoming?: IncomingMessage | undefined;
  outgoing?: ServerResponse | undefined;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
const URL_ORIGIN = /^[a-z]+:\/\/[^/?#]*/i;

/** Everything that only some routes ask for is worked out when they ask. */
export class HttpRequest implements RequestContext {
  readonly requestId: string;
  readonly rawUrl: string;
  idempotencyKey: string | undefined;
  rawBody: Buffer | undefined;
  /** The body once somebody has asked for it. */
  bodyBytes: Promise<Buffer> | undefined;
  readonly raw: Request;
  readonly incoming: IncomingMessage | undefined;
  readonly headers: { get(name: string): string | undefined };
  readonly #trustedProxyHops: number;
  #traceparent: string | undefined;
  #ifMatch: IfMatch | undefined | null = null;

  constructor(raw: Request, bindings: NodeBindings | undefined, trustedProxyHops: number) {
    this.raw = raw;
    this.incoming = bindings?.incoming;
    this.headers = this.incoming === undefined ? fromWebHeaders(raw.headers) : new NodeHeaders(this.incoming);
    this.#trustedProxyHops = trustedProxyHops;
    this.rawUrl = originForm(this.incoming?.url ?? raw.url);
    const requestId = this.headers.get('x-request-id');
    this.requestId = requestId !== undefined && REQUEST_ID.test(requestId) ? requestId : randomUUID();
  }

  get method(): string {
    return this.raw.method;
  }

  get path(): string {
    const query = this.rawUrl.indexOf('?');
    return query === -1 ? this.rawUrl : this.rawUrl.slice(0, query);
  }

  /** The query as it came, without `?`; undefined where there is none. */
  get rawQuery(): string | undefined {
    const query = this.rawUrl.indexOf('?');
    return query === -1 || query === this.rawUrl.length - 1 ? undefined : this.rawUrl.slice(query + 1);
  }

  get traceparent(): string {
    this.#traceparent ??= childTraceparent(this.headers.get('traceparent'));
    return this.#traceparent;
  }

  /** The span that the pipeline opened for this request. */
  set traceparent(traceparent: string) {
    this.#traceparent = traceparent;
  }

  get traceId(): string {
    return this.traceparent.slice(3, 35);
  }

  get address(): string {
    const socketAddress = this.incoming?.socket.remoteAddress ?? '127.0.0.1';
    return clientAddress(socketAddress, this.headers.get('x-forwarded-for'), this.#trustedProxyHops);
  }

  get signal(): AbortSignal {
    return this.raw.signal;
  }

  get userAgent(): string | undefined {
    return this.headers.get('user-agent');
  }

  get ifMatch(): IfMatch | undefined {
    if (this.#ifMatch === null) this.#ifMatch = parseIfMatch(this.headers.get('if-match'));
    return this.#ifMatch;
  }

  /** Whether bytes follow the header fields (RFC 9112 section 6). */
  announcesBody(): boolean {
    if (this.incoming === undefined) return this.raw.body !== null;
    if (this.headers.get('transfer-encoding') !== undefined) return true;
    const contentLength = this.headers.get('content-length');
    return contentLength !== undefined && contentLength !== '0';
  }

  /** Whether the connection is gone, so that an error is only the echo of that. */
  hasLeft(): boolean {
    return this.incoming?.socket.destroyed ?? false;
  }

  /** Node keeps the first of two Authorization headers and hides the second. */
  hasRepeatedHeader(name: string): boolean {
    const rawHeaders = this.incoming?.rawHeaders;
    if (rawHeaders === undefined) return false;
    let count = 0;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const candidate = rawHeaders[index];
      if (candidate?.length === name.length && candidate.toLowerCase() === name) count += 1;
    }
    return count > 1;
  }
}

class NodeHeaders {
  readonly #incoming: IncomingMessage;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
  }

  get(name: string): string | undefined {
    const value = this.#incoming.headers[name.toLowerCase()];
    return typeof value === 'string' ? value : value?.join(', ');
  }
}

function fromWebHeaders(headers: Headers): { get(name: string): string | undefined } {
  return { get: (name) => headers.get(name) ?? undefined };
}

/** RFC 9112 section 3.2: an absolute request target counts as its path and query. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const rest = target.replace(URL_ORIGIN, '').replace(/#.*$/s, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

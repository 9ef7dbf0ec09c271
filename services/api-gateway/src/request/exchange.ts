import { randomUUID } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Refusal } from '@souk/contracts';
import { clientAddress, problemReply } from '@souk/http';
import { childTraceparent } from '@souk/service-runtime';
import type { RateLimitDecision } from '../limits/leased-rate-limiter.ts';
import type { Route } from '../routes.ts';
import type { Cors } from './cors.ts';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

export interface ExchangeOptions {
  cors: Cors;
  trustedProxyHops: number;
  isDraining: () => boolean;
}

/** One request and its answer, as far as the gateway has come with them. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly startedMs: number;
  readonly requestId: string;
  /** As it came, without the query; replaced once the version is in it. */
  path: string;
  route: Route | undefined;
  userId: string | undefined;
  rateLimit: RateLimitDecision | undefined;
  isProbe = false;
  readonly #options: ExchangeOptions;
  #traceparent: string | undefined;
  #address: string | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, options: ExchangeOptions) {
    this.request = request;
    this.response = response;
    this.startedMs = performance.now();
    this.#options = options;
    const target = request.url ?? '/';
    const question = target.indexOf('?');
    this.path = question === -1 ? target : target.slice(0, question);
    const requestId = request.headers['x-request-id'];
    this.requestId = typeof requestId === 'string' && REQUEST_ID.test(requestId) ? requestId : randomUUID();
  }

  /** This hop's span: the caller's trace where one was sent. */
  get traceparent(): string {
    if (this.#traceparent === undefined) {
      const sent = this.request.headers.traceparent;
      this.#traceparent = childTraceparent(typeof sent === 'string' ? sent : undefined);
    }
    return this.#traceparent;
  }

  /** The span that records this exchange, where spans are recorded. */
  set traceparent(traceparent: string) {
    this.#traceparent = traceparent;
  }

  get traceId(): string {
    return this.traceparent.slice(3, 35);
  }

  /** Kept, because the socket forgets its address when it closes. */
  get address(): string {
    if (this.#address === undefined) {
      const { headers, socket } = this.request;
      const forwarded = headers['x-forwarded-for'];
      const forwardedFor = Array.isArray(forwarded) ? forwarded.join(',') : forwarded;
      this.#address = clientAddress(socket.remoteAddress ?? 'unknown', forwardedFor, this.#options.trustedProxyHops);
    }
    return this.#address;
  }

  /** What the gateway adds to every answer, its own and the services'. */
  decorate(headers: OutgoingHttpHeaders): void {
    // Also for a request that came before: its client must not send the next one into a closing port.
    if (this.#options.isDraining()) this.response.shouldKeepAlive = false;
    headers['x-request-id'] = this.requestId;
    headers['x-content-type-options'] = 'nosniff';
    this.#options.cors.decorate(headers, this.request.headers.origin);
    const { rateLimit } = this;
    // A service that limits by itself (logins) has the narrower limit: its word stands.
    if (rateLimit === undefined || headers.ratelimit !== undefined) return;
    headers['ratelimit-policy'] = `${rateLimit.limit};w=60`;
    headers.ratelimit = `limit=${rateLimit.limit}, remaining=${rateLimit.remaining}, reset=${rateLimit.resetSeconds}`;
  }

  /** Answers from the gateway itself. Node drops the body of an answer to HEAD. */
  answer(status: number, headers: OutgoingHttpHeaders, body: string | Buffer): void {
    if (this.response.headersSent || this.response.destroyed) return;
    this.decorate(headers);
    headers['content-length'] = Buffer.byteLength(body);
    this.response.writeHead(status, headers).end(body);
  }

  answerEmpty(status: number, headers: OutgoingHttpHeaders): void {
    if (this.response.headersSent || this.response.destroyed) return;
    this.decorate(headers);
    this.response.writeHead(status, headers).end();
  }

  refuse(refusal: Refusal, extra: OutgoingHttpHeaders = {}): void {
    const { status, body, headers } = problemReply(refusal, { path: this.path, traceId: this.traceId });
    const answersToken = this.request.headers.authorization !== undefined;
    const cache = answersToken ? { 'cache-control': 'private, no-store' } : {};
    this.answer(status, { ...headers, ...cache, ...extra }, JSON.stringify(body));
  }
}

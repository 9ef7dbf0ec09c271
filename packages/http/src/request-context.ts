/** What came in If-Match. */
export interface IfMatch {
  /** The version that the first tag names (of `"3-7"` the 3); -1 where it names none, which matches nothing. */
  version: number;
  /** Every strong tag without its quotes. */
  tags: readonly string[];
}

/** One request as handlers see it. */
export interface RequestContext {
  readonly requestId: string;
  /** W3C trace context of this server's span: the caller's trace where one was sent. */
  readonly traceparent: string;
  readonly traceId: string;
  readonly method: string;
  /** The path as routed, without the query. */
  readonly path: string;
  /** The request target as it came, undecoded. */
  readonly rawUrl: string;
  /** The client's address: the socket's, or the one that `trustedProxyHops` trusted proxies vouch for. */
  readonly address: string;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
  readonly headers: { get(name: string): string | undefined };
  readonly userAgent: string | undefined;
  /** Canonical: quotes removed. Set on routes that take one. */
  readonly idempotencyKey?: string | undefined;
  readonly ifMatch?: IfMatch | undefined;
  /** The body's bytes, on routes with `rawBody`. */
  readonly rawBody?: Buffer | undefined;
}

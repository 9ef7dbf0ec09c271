export type ReplyHeaders = Record<string, string>;

/** What a handler answers. */
export interface Reply {
  status: number;
  /** Becomes JSON. */
  body?: unknown;
  /** JSON that is text already (stored answers, cached pages); wins over `body`. */
  bodyText?: string;
  headers?: ReplyHeaders;
  /** A whole Response, for streams. */
  response?: Response;
}

export interface ReplyOptions {
  /** The opaque part of a strong entity tag: `3` becomes `"3"`. */
  etag?: string | number | undefined;
  headers?: ReplyHeaders | undefined;
}

function withOptions(reply: Reply, options: ReplyOptions | undefined): Reply {
  if (options === undefined) return reply;
  if (options.headers !== undefined) reply.headers = { ...reply.headers, ...options.headers };
  if (options.etag !== undefined) reply.headers = { ...reply.headers, etag: `"${options.etag}"` };
  return reply;
}

/** The answers a route gives; problems are thrown as `Refusal`. */
export const reply = {
  ok(body: unknown, options?: ReplyOptions): Reply {
    return withOptions({ status: 200, body }, options);
  },
  /** `bodyText` is sent as it is, as `application/json`. */
  okText(bodyText: string, options?: ReplyOptions): Reply {
    return withOptions({ status: 200, bodyText }, options);
  },
  created(location: string, body: unknown, options?: ReplyOptions): Reply {
    return withOptions({ status: 201, body, headers: { location } }, options);
  },
  accepted(body?: unknown, options?: ReplyOptions): Reply {
    return withOptions(body === undefined ? { status: 202 } : { status: 202, body }, options);
  },
  noContent(options?: ReplyOptions): Reply {
    return withOptions({ status: 204 }, options);
  },
  /** A Response of the handler's own making, for streams; the platform's headers are added to it. */
  raw(response: Response): Reply {
    return { status: response.status, response };
  },
};

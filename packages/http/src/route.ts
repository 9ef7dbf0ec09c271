import type { ProblemSlug } from '@souk/contracts';
import type { MiddlewareHandler } from 'hono';
import type { z } from 'zod';
import type { Caller, ServiceCaller } from './caller.ts';
import type { Reply } from './reply.ts';
import type { RequestContext } from './request-context.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who may call: anyone (Authorization is ignored), a signed-in user, an administrator, another service. */
export type Access = 'anyone' | 'user' | 'admin' | 'service';

export type CallerOf<A extends Access> = A extends 'user' | 'admin'
  ? Caller
  : A extends 'service'
    ? ServiceCaller
    : undefined;

/** Stands for a schema that a route does not have; its output is `undefined`. */
export type NoSchema = z.ZodType<undefined>;

/** One answer of a route, for the OpenAPI document. */
export interface ResponseDefinition {
  description: string;
  /** The body's schema; none for 204 and streams. Objects with `.meta({ id: 'Order' })` become components. */
  schema?: z.ZodType;
  /** Media type of the body; `application/json` when left out. */
  contentType?: string;
  /** Media type in which the same is streamed to those who accept it. */
  stream?: string;
  /** Header name -> what it says. ETag, Location and the like; X-Request-Id is documented by itself. */
  headers?: Record<string, string>;
  example?: unknown;
}

export interface RouteInput<
  A extends Access,
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  K extends true | undefined,
> {
  params: z.output<P>;
  query: z.output<Q>;
  body: z.output<B>;
  caller: CallerOf<A>;
  request: K extends true ? RequestContext & { idempotencyKey: string } : RequestContext;
}

export interface RouteOptions<
  A extends Access,
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  K extends true | undefined,
> {
  method: Method;
  /** The public path with `{name}` for parameters: `/api/v1/orders/{id}`. */
  path: string;
  access: A;
  operationId: string;
  summary: string;
  description?: string;
  tags: readonly string[];
  /** Path parameters; a value that does not parse names nothing, so it answers 404. */
  params?: P;
  /** Query parameters, each a string at first; a `z.strictObject`, so that unknown ones are refused. */
  query?: Q;
  /** Query parameters that only an administrator may give: from others 403, before any schema. Needs access `user`. */
  adminQuery?: readonly string[];
  /** The JSON body, a `z.strictObject` (or a union of such). */
  body?: B;
  /** No body (length 0) is the same as `{}`. */
  bodyOptional?: boolean;
  /** The body's bytes as they came in `request.rawBody`, of any media type (webhooks). Excludes `body`. */
  rawBody?: true;
  bodyExample?: unknown;
  /** Requires the header Idempotency-Key; its canonical form is `request.idempotencyKey`. */
  idempotencyKey?: K;
  /** Documents that If-Match is needed; the handler calls `requireVersion` once it has found the object. */
  ifMatch?: true;
  /** A stream or long poll: does not count as one of the requests at once. */
  longLived?: true;
  /** Run where API precedence puts 429: after 405, before 401. */
  limits?: readonly MiddlewareHandler[];
  responses: Record<number, ResponseDefinition>;
  /** The problems besides those that follow from the options above. */
  problems: readonly ProblemSlug[];
  handler: (input: RouteInput<A, P, Q, B, K>) => Promise<Reply> | Reply;
}

/** A route as the application takes it; made by `defineRoute` alone. */
export interface RouteDefinition {
  method: Method;
  path: string;
  access: Access;
  operationId: string;
  summary: string;
  description?: string;
  tags: readonly string[];
  params?: z.ZodType;
  query?: z.ZodType;
  adminQuery?: readonly string[];
  body?: z.ZodType;
  bodyOptional?: boolean;
  rawBody?: true;
  bodyExample?: unknown;
  idempotencyKey?: true | undefined;
  ifMatch?: true;
  longLived?: true;
  limits?: readonly MiddlewareHandler[];
  responses: Record<number, ResponseDefinition>;
  problems: readonly ProblemSlug[];
  handler: (input: AnyRouteInput) => Promise<Reply> | Reply;
}

/** What the pipeline hands to a handler whose own types it cannot know. */
export interface AnyRouteInput {
  params: never;
  query: never;
  body: never;
  caller: never;
  request: RequestContext & { idempotencyKey: string };
}

/** States one route: what it takes, who may call it, what it answers, and the handler that gets parsed values only. */
export function defineRoute<
  A extends Access,
  P extends z.ZodType = NoSchema,
  Q extends z.ZodType = NoSchema,
  B extends z.ZodType = NoSchema,
  K extends true | undefined = undefined,
>(options: RouteOptions<A, P, Q, B, K>): RouteDefinition {
  return options as unknown as RouteDefinition;
}

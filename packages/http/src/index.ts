export { type AccessTokenOptions, verifyAccessToken } from './access-token.ts';
export {
  type AnswerChecker,
  type BodyChecker,
  createAnswerChecker,
  createBodyChecker,
  findOperation,
  type GivenAnswer,
} from './answer-check.ts';
export { createHttpApp, type HttpApp, type HttpAppOptions } from './app.ts';
export { type Authenticator, type AuthenticatorOptions, createAuthenticator } from './authenticator.ts';
export { type Caller, isAdmin, type Role, type ServiceCaller } from './caller.ts';
export { addressKeyOf, clientAddress } from './client-address.ts';
export {
  type ContractCase,
  type ContractCasesOptions,
  type ContractRequest,
  type ContractRole,
  contractCases,
} from './contract-cases.ts';
export { type ContractSubject, checkContractCase } from './contract-check.ts';
export { type CursorCodec, type CursorValue, createCursorCodec } from './cursor.ts';
export { preconditionFailed, requireVersion } from './etag.ts';
export {
  abandonIdempotent,
  beginIdempotent,
  completeIdempotent,
  fingerprintOf,
  type IdempotentRequest,
  type IdempotentStart,
  replayReply,
  saveIdempotentState,
} from './idempotency.ts';
export type { VerificationKey } from './key-set.ts';
export { toNodeListener } from './node-listener.ts';
export {
  createOpenApiDocument,
  type OpenApiDocument,
  type OpenApiOptions,
  RATE_LIMIT_HEADERS,
} from './openapi.ts';
export {
  PAGE_LIMIT_DEFAULT,
  PAGE_LIMIT_MAX,
  type Page,
  page,
  pageQuery,
  pageSchema,
  queryInteger,
} from './page.ts';
export {
  PROBLEM_CONTENT_TYPE,
  type ProblemDocument,
  problemDocument,
  problemReply,
  RefusalWithHeaders,
} from './problem.ts';
export { createRateLimiter, type RateLimit, type RateLimiter, type RateLimiterOptions } from './rate-limiter.ts';
export { checkReads, type ReadSubject } from './read-check.ts';
export { type Reply, type ReplyHeaders, type ReplyOptions, reply } from './reply.ts';
export type { IfMatch, RequestContext } from './request-context.ts';
export { isHostileTarget, TARGET_LENGTH_MAX, toOriginForm } from './request-target.ts';
export {
  type Access,
  type CallerOf,
  defineRoute,
  type Method,
  type NoSchema,
  type ResponseDefinition,
  type RouteDefinition,
  type RouteInput,
  type RouteOptions,
} from './route.ts';
export { moneySchemaApi, pathIdSchema, priceSchema } from './schemas.ts';
export { createSealer, SealBrokenError, type Sealer } from './sealer.ts';
export {
  createServiceClient,
  type ServiceClient,
  type ServiceClientOptions,
  type ServiceRequest,
} from './service-client.ts';

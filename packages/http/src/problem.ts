import { type FieldError, PROBLEMS, type ProblemSlug, Refusal } from '@souk/contracts';
import { redactText } from '@souk/service-runtime';
import type { Reply, ReplyHeaders } from './reply.ts';
import type { RequestContext } from './request-context.ts';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** More field errors than this help nobody. */
const FIELD_ERRORS_MAX = 50;
const INSTANCE_LENGTH_MAX = 2048;
const RETRY_AFTER_SECONDS_DEFAULT = 1;

/** An RFC 9457 problem document. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** The path of the request that failed. */
  instance: string;
  traceId: string;
  errors?: readonly FieldError[];
}

/** A refusal whose answer carries headers of its own: RateLimit, Allow. */
export class RefusalWithHeaders extends Refusal {
  readonly headers: ReplyHeaders;

  constructor(
    code: ProblemSlug,
    detail: string,
    options: ConstructorParameters<typeof Refusal>[2] & { headers: ReplyHeaders },
  ) {
    super(code, detail, options);
    this.headers = options.headers;
  }
}

export function problemDocument(refusal: Refusal, at: { path: string; traceId: string }): ProblemDocument {
  const { status, title } = PROBLEMS[refusal.code];
  const document: ProblemDocument = {
    type: `/problems/${refusal.code}`,
    title,
    status,
    detail: refusal.detail,
    instance: shownPath(at.path.slice(0, INSTANCE_LENGTH_MAX)),
    traceId: at.traceId,
  };
  if (refusal.errors !== undefined) document.errors = refusal.errors.slice(0, FIELD_ERRORS_MAX);
  return document;
}

/** The digits of an id may look like a card's number. */
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** The path as it came, but for tokens and card numbers: problems are kept, in the logs of clients and in our own tables. */
function shownPath(path: string): string {
  const segments = path.split('/');
  return segments.map((segment) => (UUID.test(segment) ? segment : redactText(segment))).join('/');
}

/** The problem document of a refusal as a Reply: what the edge answers, and what an idempotency key stores. */
export function problemReply(refusal: Refusal, request: Pick<RequestContext, 'path' | 'traceId'>): Reply {
  const { status } = PROBLEMS[refusal.code];
  const headers: ReplyHeaders = { 'content-type': PROBLEM_CONTENT_TYPE };
  // RFC 9110 section 11.6.1: a 401 names the scheme that would help.
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="souk"';
  const mustSayWhen = status === 429 || status === 503;
  const retryAfterSeconds = refusal.retryAfterSeconds ?? (mustSayWhen ? RETRY_AFTER_SECONDS_DEFAULT : undefined);
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterSeconds)));
  if (refusal instanceof RefusalWithHeaders) Object.assign(headers, refusal.headers);
  return { status, body: problemDocument(refusal, request), headers };
}

import type { ProblemSlug } from './generated/api.ts';

/** A call did not end as asked. What kind it is, the subclasses tell. */
export class ClientError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

export interface FieldError {
  pointer: string;
  detail: string;
}

export interface Problem {
  slug: ProblemSlug;
  status: number;
  title: string;
  detail: string;
  instance: string;
  traceId: string;
  errors: readonly FieldError[];
  /** From Retry-After. */
  retryAfterSeconds?: number | undefined;
  /** X-Request-Id, for whoever reads the logs. */
  requestId?: string | undefined;
}

/** The shop answered with a problem of its catalogue (RFC 9457). */
export class ProblemError extends ClientError implements Problem {
  readonly slug: ProblemSlug;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly instance: string;
  readonly traceId: string;
  readonly errors: readonly FieldError[];
  readonly retryAfterSeconds: number | undefined;
  readonly requestId: string | undefined;

  constructor(problem: Problem) {
    super(`${problem.status} ${problem.slug}: ${problem.detail}`);
    this.slug = problem.slug;
    this.status = problem.status;
    this.title = problem.title;
    this.detail = problem.detail;
    this.instance = problem.instance;
    this.traceId = problem.traceId;
    this.errors = problem.errors;
    this.retryAfterSeconds = problem.retryAfterSeconds;
    this.requestId = problem.requestId;
  }
}

/** No answer came: whether the request had its effect is unknown. `cause` is what fetch said. */
export class ConnectionError extends ClientError {}

/** The deadline of the call passed: whether the request had its effect is unknown. */
export class DeadlineError extends ClientError {}

/** Something answered that is not the shop, or not in its words. */
export class UnexpectedAnswerError extends ClientError {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Whether an error is this problem of the shop: `isProblem(error, 'out-of-stock')`. */
export function isProblem(error: unknown, ...slugs: ProblemSlug[]): error is ProblemError {
  return error instanceof ProblemError && (slugs.length === 0 || slugs.includes(error.slug));
}

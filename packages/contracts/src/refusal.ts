import type { FieldError, ProblemSlug } from './problems.ts';

export interface RefusalOptions {
  errors?: readonly FieldError[] | undefined;
  /** Answered as `Retry-After`. */
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/**
 * An expected outcome that is not success: the domain says why by a stable code (the problem slug), the edge turns it
 * into a problem document. `detail` is read by the client: what was expected, what was found, never an internal.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ProblemSlug;
  readonly detail: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ProblemSlug, detail: string, options: RefusalOptions = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = detail;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

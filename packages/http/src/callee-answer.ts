import { type FieldError, PROBLEMS, type ProblemSlug, Refusal } from '@souk/contracts';
import { z } from 'zod';

const problemSchema = z.object({
  type: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

/** Problems that tell of a fault between two services; the end user can neither cause nor mend them. */
const OUR_OWN_FAULTS: ReadonlySet<string> = new Set<ProblemSlug>([
  'malformed',
  'invalid-request',
  'idempotency-key-missing',
  'unauthorized',
  'forbidden',
  'method-not-allowed',
  'not-acceptable',
  'too-large',
  'uri-too-long',
  'unsupported-media',
  'misdirected',
  'header-too-large',
  'precondition-required',
]);

/** A callee's answer that is not 2xx, as the Refusal the caller passes on; undefined where it is not fit for that. */
export function refusalOf(json: unknown, retryAfter: string | undefined): Refusal | undefined {
  const problem = problemSchema.safeParse(json);
  if (!problem.success) return undefined;
  const code = problem.data.type.replace(/^.*\/problems\//, '');
  if (!isProblemSlug(code) || OUR_OWN_FAULTS.has(code) || PROBLEMS[code].status >= 500) return undefined;
  const options: { errors?: FieldError[]; retryAfterSeconds?: number } = {};
  if (problem.data.errors !== undefined) options.errors = problem.data.errors;
  const seconds = Number(retryAfter);
  if (retryAfter !== undefined && Number.isFinite(seconds)) options.retryAfterSeconds = seconds;
  return new Refusal(code, problem.data.detail ?? PROBLEMS[code].title, options);
}

function isProblemSlug(code: string): code is ProblemSlug {
  return Object.hasOwn(PROBLEMS, code);
}

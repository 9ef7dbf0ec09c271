import { type Problem, ProblemError, UnexpectedAnswerError } from './client-error.ts';
import type { ProblemSlug } from './generated/api.ts';

/** What came back, with what stands in its headers. */
export interface Answer<Body> {
  status: number;
  body: Body;
  headers: Headers;
  /** For `ifMatch`. */
  etag: string | undefined;
  requestId: string | undefined;
  /** Whether it is the stored answer of an earlier call with the same Idempotency-Key. */
  isReplayed: boolean;
}

/** Reads the answer to a call. Throws ProblemError for a problem and UnexpectedAnswerError for anything unknown. */
export async function readAnswer<Body>(response: Response): Promise<Answer<Body>> {
  const text = await response.text();
  if (!response.ok) throw toError(response, text);
  const { headers, status } = response;
  return {
    status,
    headers,
    body: (text === '' ? undefined : parseJson(response, text)) as Body,
    etag: headers.get('etag') ?? undefined,
    requestId: headers.get('x-request-id') ?? undefined,
    isReplayed: headers.get('idempotent-replayed') === 'true',
  };
}

function parseJson(response: Response, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unexpected(response, text);
  }
}

function unexpected(response: Response, text: string): UnexpectedAnswerError {
  const type = response.headers.get('content-type') ?? 'no content type';
  const start = text.slice(0, 200);
  return new UnexpectedAnswerError(
    `Expected JSON of the shop, found ${response.status}, ${type}: ${start}`,
    response.status,
  );
}

/** The error that a refusing answer stands for. */
export function toError(response: Response, text: string): ProblemError | UnexpectedAnswerError {
  if (!/^application\/problem\+json\b/.test(response.headers.get('content-type') ?? ''))
    return unexpected(response, text);
  try {
    const problem = JSON.parse(text) as Omit<Problem, 'slug'> & { type: string };
    const slug = /^\/problems\/([a-z-]+)$/.exec(problem.type)?.[1];
    if (slug === undefined) return unexpected(response, text);
    return new ProblemError({
      slug: slug as ProblemSlug,
      status: response.status,
      title: problem.title,
      detail: problem.detail,
      instance: problem.instance,
      traceId: problem.traceId,
      errors: problem.errors ?? [],
      retryAfterSeconds: retryAfterSecondsOf(response),
      requestId: response.headers.get('x-request-id') ?? undefined,
    });
  } catch {
    return unexpected(response, text);
  }
}

function retryAfterSecondsOf(response: Response): number | undefined {
  const value = response.headers.get('retry-after');
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}

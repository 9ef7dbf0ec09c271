import { PROBLEMS, type ProblemSlug, Refusal } from '@souk/contracts';
import { KeyValueUnavailableError } from '@souk/key-value';
import { classifyDatabaseError, type Logger } from '@souk/service-runtime';
import { ClientGoneError } from './body.ts';
import type { HttpRequest } from './http-request.ts';
import { problemReply } from './problem.ts';
import type { Reply } from './reply.ts';

/** The status that is counted when the client has left; nobody receives it (nginx's convention). */
export const CLIENT_CLOSED_REQUEST = 499;

/** The one place where errors become answers, and unknown ones are logged. */
export function replyOf(error: unknown, request: HttpRequest, logger: Logger): Reply {
  if (error instanceof Refusal) {
    const status = PROBLEMS[error.code].status;
    if (status >= 500)
      logger.warn(
        { requestId: request.requestId, traceId: request.traceId, code: error.code, error: error.cause },
        'Answered unavailable',
      );
    return problemReply(error, request);
  }
  if (error instanceof ClientGoneError || request.hasLeft()) {
    logger.info({ requestId: request.requestId, traceId: request.traceId }, 'The client left before its answer');
    return { status: CLIENT_CLOSED_REQUEST };
  }
  const code = codeOfUnknown(error);
  const fields = { requestId: request.requestId, traceId: request.traceId, error };
  if (code === 'internal') logger.error(fields, 'The request failed');
  else logger.warn(fields, 'A dependency failed the request');
  return problemReply(new Refusal(code, DETAILS[code]), request);
}

const DETAILS = {
  internal: 'Something went wrong on our side; the trace id helps to find it',
  unavailable: 'The service cannot do this at the moment; try again',
} as const;

function codeOfUnknown(error: unknown): Extract<ProblemSlug, 'internal' | 'unavailable'> {
  if (error instanceof KeyValueUnavailableError) return 'unavailable';
  const { kind } = classifyDatabaseError(error);
  return kind === 'transient' || kind === 'serialization' ? 'unavailable' : 'internal';
}

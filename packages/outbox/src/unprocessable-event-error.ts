import { Refusal } from '@souk/contracts';
import { classifyDatabaseError, redactText } from '@souk/service-runtime';

/**
 * Thrown by a handler when no further attempt can succeed: the message becomes a dead letter at once, which an operator
 * sees. The message of the error is the reason.
 */
export class UnprocessableEventError extends Error {
  override readonly name = 'UnprocessableEventError';
}

const REASON_CHARACTERS_MAX = 300;

/** Why a message failed, fit for a header, a table and a log: no values that the database quotes, no secrets. */
export function reasonOf(error: unknown): string {
  const { code, constraint, kind } = classifyDatabaseError(error);
  if (error instanceof Refusal || error instanceof UnprocessableEventError) return shorten(error.message);
  if (kind !== 'other' || code !== undefined) {
    return `the database refused the effect: ${kind} ${code ?? ''} ${constraint ?? ''}`.trim();
  }
  return shorten(error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error');
}

function shorten(text: string): string {
  return redactText(text)
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, REASON_CHARACTERS_MAX);
}

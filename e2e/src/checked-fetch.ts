import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClientError } from '@souk/client';
import { type AnswerChecker, createAnswerChecker, findOperation, type OpenApiDocument } from '@souk/http';
import { ROOT } from './child.ts';

/** The shop answered with something that its document does not know. A ClientError, so that no client tries it again. */
export class UndocumentedAnswerError extends ClientError {}

let contract: { document: OpenApiDocument; check: AnswerChecker } | undefined;

/** The joined document, which the gateway serves; read once. */
function theContract() {
  if (contract === undefined) {
    const text = readFileSync(join(ROOT, 'services/api-gateway/openapi.json'), 'utf8');
    const document = JSON.parse(text) as OpenApiDocument;
    contract = { document, check: createAnswerChecker(document) };
  }
  return contract;
}

/**
 * As `fetch`, for requests through the gateway: every answer to an operation is held against the document, headers and
 * problems too, whatever the test itself looks at.
 */
export async function checkedFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(input, init);
  const url = new URL(input instanceof Request ? input.url : input);
  const method = (input instanceof Request ? input.method : init.method) ?? 'GET';
  const path = url.pathname.replace(/^\/api\/(?!v\d)/, '/api/v1/');
  const { document, check } = theContract();
  if (findOperation(document, method, path) === undefined) return response; // pages, pictures, and what is asked in error
  const type = response.headers.get('content-type') ?? '';
  // A stream is read by whoever has opened it.
  const text = type.startsWith('text/event-stream') ? '' : await response.clone().text();
  const body: unknown = type.includes('json') ? JSON.parse(text) : text === '' ? undefined : text;
  const disagreements = check({ method, path, status: response.status, headers: response.headers, body });
  if (disagreements.length > 0) throw new UndocumentedAnswerError(disagreements.join('\n'));
  return response;
}

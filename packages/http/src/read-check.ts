import assert from 'node:assert';
import { createAnswerChecker } from './answer-check.ts';
import type { JsonSchema } from './json-schema.ts';
import type { OpenApiDocument } from './openapi.ts';

export interface ReadSubject {
  /** Sends a GET or HEAD with the right token for this access. */
  send(request: { method: string; path: string; headers: Record<string, string> }, access: string): Promise<Response>;
  /** Paths of objects that exist, by path template. */
  objects: Record<string, string>;
}

/**
 * Reads every route of a document that can be read, and asserts that the answers are as it says: 200 with the schema's
 * body, HEAD the same without one, and 304 for the ETag that came. Returns the templates that were read.
 */
export async function checkReads(document: OpenApiDocument, subject: ReadSubject): Promise<string[]> {
  const check = createAnswerChecker(document);
  const read: string[] = [];
  for (const [template, item] of Object.entries(document.paths)) {
    const operation = item.get as JsonSchema | undefined;
    const path = template.includes('{') ? subject.objects[template] : template;
    if (operation === undefined || path === undefined || hasRequiredQuery(operation)) continue;
    const access = String(operation['x-access']);
    const send = (method: string, headers: Record<string, string> = {}) =>
      subject.send({ method, path, headers }, access);
    const { status, headers, text } = await readText(await send('GET'));
    assert.equal(status, 200, `GET ${path}: ${text}`);
    const contentType = headers.get('content-type');
    const body: unknown = contentType?.includes('json') ? JSON.parse(text) : text;
    assert.deepEqual(check({ method: 'GET', path, status, headers, body }), []);
    const head = await readText(await send('HEAD'));
    assert.deepEqual([head.status, head.text, head.headers.get('content-type')], [200, '', contentType]);
    assert.deepEqual(check({ ...head, method: 'HEAD', path, body: undefined }), []);
    const etag = headers.get('etag');
    if (etag !== null) {
      const unchanged = await readText(await send('GET', { 'if-none-match': etag }));
      assert.deepEqual([unchanged.status, unchanged.text], [304, ''], `GET ${path} with its ETag`);
      assert.deepEqual(check({ ...unchanged, method: 'GET', path, body: undefined }), []);
    }
    read.push(template);
  }
  return read;
}

async function readText(response: Response): Promise<{ status: number; headers: Headers; text: string }> {
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function hasRequiredQuery(operation: JsonSchema): boolean {
  const parameters = (operation.parameters ?? []) as { in: string; required: boolean }[];
  return parameters.some((parameter) => parameter.in === 'query' && parameter.required);
}

import assert from 'node:assert';
import { z } from 'zod';
import type { JsonSchema } from './json-schema.ts';
import type { OpenApiDocument } from './openapi.ts';

export interface GivenAnswer {
  method: string;
  /** As it was asked for, with or without a query. */
  path: string;
  status: number;
  contentType: string | null;
  /** Parsed where it is JSON. */
  body: unknown;
}

/** Finds what an answer and its document disagree about; an empty list is agreement. */
export type AnswerChecker = (answer: GivenAnswer) => string[];

/**
 * Holds real answers against a document: the path, the status and the media type must be in it, and the body must have
 * every field the schema names and no other. For tests; a document that nobody compares is soon wrong.
 */
export function createAnswerChecker(document: OpenApiDocument): AnswerChecker {
  const schemas = new Map<JsonSchema, z.ZodType>();
  const components = closed(document.components.schemas ?? {}) as JsonSchema;
  const zodOf = (schema: JsonSchema): z.ZodType => {
    const known = schemas.get(schema);
    if (known !== undefined) return known;
    const made = z.fromJSONSchema({ ...(closed(schema) as JsonSchema), $defs: components } as never);
    schemas.set(schema, made);
    return made;
  };
  return ({ method, path, status, contentType, body }) => {
    const operation = findOperation(document, method, path);
    if (operation === undefined) return [`${method} ${path} is in no document`];
    const response = (operation.responses as Record<string, JsonSchema>)[status];
    if (response === undefined) return [`${method} ${path} was answered with ${status}, which is not documented`];
    const mediaType = contentType?.split(';')[0]?.trim();
    const content = response.content as Record<string, { schema?: JsonSchema }> | undefined;
    if (content === undefined || mediaType === undefined) {
      return (content === undefined) === (mediaType === undefined)
        ? []
        : [`${method} ${path}: a body where none is said`];
    }
    const media = content[mediaType];
    if (media === undefined) return [`${method} ${path} was answered in ${mediaType}, which is not documented`];
    if (media.schema === undefined) return [];
    const { error } = zodOf(media.schema).safeParse(body);
    return (error?.issues ?? []).map((issue) => `${method} ${path} /${issue.path.join('/')}: ${issue.message}`);
  };
}

/** The operation whose template fits a path; a concrete path wins over a parameter, as in routing. */
function findOperation(document: OpenApiDocument, method: string, path: string): JsonSchema | undefined {
  const segments = (path.split('?')[0] ?? '').split('/');
  const key = method === 'HEAD' ? 'get' : method.toLowerCase();
  const fitting = Object.keys(document.paths).filter((template) => {
    const parts = template.split('/');
    return (
      parts.length === segments.length && parts.every((part, index) => part.startsWith('{') || part === segments[index])
    );
  });
  const [best] = fitting.sort((a, b) => a.split('{').length - b.split('{').length);
  return best === undefined ? undefined : (document.paths[best]?.[key] as JsonSchema | undefined);
}

/** Objects with named fields get no further ones, and references point where `$defs` will stand. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const result: JsonSchema = {};
  for (const [key, member] of Object.entries(value)) {
    result[key] = key === '$ref' ? String(member).replace('#/components/schemas/', '#/$defs/') : closed(member);
  }
  const isObject = result.type === 'object' && result.properties !== undefined;
  if (isObject && result.additionalProperties === undefined) result.additionalProperties = false;
  return result;
}

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
    const response = await send('GET');
    const contentType = response.headers.get('content-type');
    const text = await response.text();
    assert.equal(response.status, 200, `GET ${path}: ${text}`);
    const body: unknown = contentType?.includes('json') ? JSON.parse(text) : text;
    assert.deepEqual(check({ method: 'GET', path, status: 200, contentType, body }), []);
    const head = await send('HEAD');
    assert.deepEqual([head.status, await head.text(), head.headers.get('content-type')], [200, '', contentType]);
    const etag = response.headers.get('etag');
    if (etag !== null) {
      const unchanged = await send('GET', { 'if-none-match': etag });
      assert.deepEqual([unchanged.status, await unchanged.text()], [304, ''], `GET ${path} with its ETag`);
    }
    read.push(template);
  }
  return read;
}

function hasRequiredQuery(operation: JsonSchema): boolean {
  const parameters = (operation.parameters ?? []) as { in: string; required: boolean }[];
  return parameters.some((parameter) => parameter.in === 'query' && parameter.required);
}

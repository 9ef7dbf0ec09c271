import { z } from 'zod';
import type { JsonSchema } from './json-schema.ts';
import type { OpenApiDocument } from './openapi.ts';
import { PROBLEM_CONTENT_TYPE } from './problem.ts';

export interface GivenAnswer {
  method: string;
  /** As it was asked for, with or without a query. */
  path: string;
  status: number;
  headers: Headers;
  /** Parsed where it is JSON; undefined where nobody has read it (a stream). */
  body: unknown;
}

/** Finds what an answer and its document disagree about; an empty list is agreement. */
export type AnswerChecker = (answer: GivenAnswer) => string[];

interface MediaType {
  schema?: JsonSchema;
  examples?: Record<string, unknown>;
}

interface DocumentedResponse {
  headers?: Record<string, JsonSchema>;
  content?: Record<string, MediaType>;
}

/** Refusals ahead of any operation: of the wrong method, and of the parser. No operation lists them. */
const AHEAD_OF_OPERATIONS = new Set([405, 408, 414, 421, 431]);

/** Headers of HTTP itself, a hint to proxies, and those that the contract says of every answer; others are documented. */
const OF_EVERY_ANSWER = new Set([
  ...['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'transfer-encoding', 'vary'],
  ...['cache-control', 'x-accel-buffering', 'x-content-type-options'],
]);

/**
 * Holds real answers against a document: path, status, headers and media type must be in it, a problem must be one of those
 * that it names, and the body must have every field the schema names and no other. For tests; a document that nobody compares
 * is soon wrong.
 */
export function createAnswerChecker(document: OpenApiDocument): AnswerChecker {
  const bodies = createBodyChecker(document);
  const problem = { $ref: '#/components/schemas/Problem' };
  return (answer) => {
    const { method, path, status, headers, body } = answer;
    const name = `${method} ${path}`;
    if (AHEAD_OF_OPERATIONS.has(status)) return bodies(problem, body).map((text) => `${name} ${text}`);
    const operation = findOperation(document, method, path);
    if (operation === undefined) return [`${name} is in no document`];
    const response = (operation.responses as Record<string, DocumentedResponse>)[status];
    if (response === undefined) return [`${name} was answered with ${status}, which is not documented`];
    const found = [...headerDisagreements(document, response, headers), ...contentDisagreements(response, answer)];
    const mediaType = mediaTypeOf(headers);
    const schema = mediaType === undefined ? undefined : response.content?.[mediaType]?.schema;
    if (schema !== undefined && method !== 'HEAD' && body !== undefined) found.push(...bodies(schema, body));
    return found.map((text) => `${name} (${status}) ${text}`);
  };
}

function mediaTypeOf(headers: Headers): string | undefined {
  return headers.get('content-type')?.split(';')[0]?.trim();
}

function headerDisagreements(document: OpenApiDocument, response: DocumentedResponse, headers: Headers): string[] {
  const documented = new Map(
    Object.entries(response.headers ?? {}).map(([name, header]) => {
      const reference = typeof header.$ref === 'string' ? header.$ref.replace('#/components/headers/', '') : undefined;
      const resolved = reference === undefined ? header : document.components.headers?.[reference];
      return [name.toLowerCase(), (resolved ?? {}) as JsonSchema];
    }),
  );
  const missing = [...documented].filter(([name, header]) => header.required === true && !headers.has(name));
  const unknown = [...headers.keys()].filter((name) => !OF_EVERY_ANSWER.has(name) && !documented.has(name));
  return [
    ...missing.map(([name]) => `lacks the header ${name}`),
    ...unknown.map((name) => `has the header ${name}, which is not documented`),
  ];
}

function contentDisagreements({ content }: DocumentedResponse, { headers, body }: GivenAnswer): string[] {
  const mediaType = mediaTypeOf(headers);
  if (content === undefined) return mediaType === undefined ? [] : ['has a body where none is said'];
  if (mediaType === undefined) return ['has no body where one is said'];
  const media = content[mediaType];
  if (media === undefined) return [`is in ${mediaType}, which is not documented`];
  if (mediaType !== PROBLEM_CONTENT_TYPE || media.examples === undefined) return [];
  const slug = String((body as { type?: unknown } | undefined)?.type).replace('/problems/', '');
  return body === undefined || Object.hasOwn(media.examples, slug) ? [] : [`is the problem ${slug}, not documented`];
}

/** What a value and a schema of the document disagree about. */
export type BodyChecker = (schema: JsonSchema, value: unknown) => string[];

/** Objects with named fields take no further ones here, though the document leaves readers room for them. */
export function createBodyChecker(document: OpenApiDocument): BodyChecker {
  const schemas = new Map<JsonSchema, z.ZodType>();
  const components = closed(document.components.schemas ?? {}) as JsonSchema;
  const zodOf = (schema: JsonSchema): z.ZodType => {
    const known = schemas.get(schema);
    if (known !== undefined) return known;
    const made = z.fromJSONSchema({ ...(closed(schema) as JsonSchema), $defs: components } as never);
    schemas.set(schema, made);
    return made;
  };
  return (schema, value) => {
    const { error } = zodOf(schema).safeParse(value);
    return (error?.issues ?? []).map((issue) => `/${issue.path.join('/')}: ${issue.message}`);
  };
}

/** The operation whose template fits a path; a concrete path wins over a parameter, as in routing. */
export function findOperation(document: OpenApiDocument, method: string, path: string): JsonSchema | undefined {
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

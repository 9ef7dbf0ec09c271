import assert from 'node:assert';
import { PROBLEMS, type ProblemSlug, Refusal } from '@souk/contracts';
import type { z } from 'zod';
import { createSchemaCollector, type JsonSchema, type SchemaCollector } from './json-schema.ts';
import { PROBLEM_CONTENT_TYPE, problemDocument } from './problem.ts';
import type { RouteDefinition } from './route.ts';

export interface OpenApiOptions {
  title: string;
  description: string;
  version?: string;
}

/** An OpenAPI 3.1 document as a plain object. */
export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, unknown>>;
  components: Record<string, Record<string, unknown>>;
  [key: string]: unknown;
}

const EXAMPLE_TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

/** The OpenAPI 3.1 document of a service, from the same definitions that route and validate. */
export function createOpenApiDocument(options: {
  service: string;
  routes: readonly RouteDefinition[];
  openApi: OpenApiOptions;
}): OpenApiDocument {
  const { routes, openApi } = options;
  const collector = createSchemaCollector();
  const paths: OpenApiDocument['paths'] = {};
  for (const route of routes) {
    const operations = paths[route.path] ?? {};
    operations[route.method.toLowerCase()] = toOperation(route, collector);
    paths[route.path] = operations;
  }
  const tags = [...new Set(routes.flatMap((route) => route.tags))].sort();
  return {
    openapi: '3.1.0',
    info: { title: openApi.title, version: openApi.version ?? '1', description: openApi.description },
    servers: [{ url: '/' }],
    tags: tags.map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...sorted(collector.components), Problem: PROBLEM_SCHEMA },
      headers: HEADERS,
      securitySchemes: {
        accessToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'From POST /api/v1/users/login',
        },
        serviceToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'Signed by the calling service',
        },
      },
    },
  };
}

const PROBLEM_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'RFC 9457',
  required: ['type', 'title', 'status', 'detail', 'instance', 'traceId'],
  properties: {
    type: { type: 'string', description: '`/problems/<slug>`, a page that explains it' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string', description: "The request's path" },
    traceId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { type: 'string', description: 'JSON pointer' }, detail: { type: 'string' } },
      },
    },
  },
};

const HEADERS = {
  'X-Request-Id': {
    description: "The request's id: the caller's, else a new one",
    required: true,
    schema: { type: 'string' },
  },
  'Retry-After': { description: 'Seconds to wait', required: true, schema: { type: 'integer' } },
  'WWW-Authenticate': { description: 'The scheme that is needed', required: true, schema: { type: 'string' } },
  'Idempotent-Replayed': {
    description: '`true`: the stored answer of an earlier request with the same Idempotency-Key',
    schema: { type: 'string', enum: ['true'] },
  },
  RateLimit: { description: 'Where requests are limited: what is left, and until when', schema: { type: 'string' } },
  'RateLimit-Policy': { description: 'Where requests are limited: how many in how long', schema: { type: 'string' } },
} as const;

function toOperation(route: RouteDefinition, collector: SchemaCollector): Record<string, unknown> {
  const operation: Record<string, unknown> = {
    operationId: route.operationId,
    summary: route.summary,
    tags: route.tags,
    security: securityOf(route),
    'x-access': route.access,
  };
  if (route.description !== undefined) operation.description = route.description;
  const parameters = parametersOf(route, collector);
  if (parameters.length > 0) operation.parameters = parameters;
  if (route.body !== undefined || route.rawBody === true) operation.requestBody = requestBodyOf(route, collector);
  const responses = { ...responsesOf(route, collector), ...problemResponsesOf(route) };
  for (const [status, { headers }] of Object.entries(responses)) {
    if (status === '429' || route.limits !== undefined) Object.assign(headers, RATE_LIMIT_HEADERS);
  }
  operation.responses = responses;
  return operation;
}

function securityOf(route: RouteDefinition): Record<string, string[]>[] {
  if (route.access === 'anyone') return [];
  return route.access === 'service' ? [{ serviceToken: [] }] : [{ accessToken: [] }];
}

function requestBodyOf(route: RouteDefinition, collector: SchemaCollector): Record<string, unknown> {
  if (route.body === undefined) return { required: true, content: { 'application/json': { schema: {} } } };
  const where = `${route.method} ${route.path}`;
  const schema = collector.input(route.body, where);
  assertExample(route.body, route.bodyExample, `the body of ${where}`);
  const content = route.bodyExample === undefined ? { schema } : { schema, example: route.bodyExample };
  return { required: route.bodyOptional !== true, content: { 'application/json': content } };
}

function parametersOf(route: RouteDefinition, collector: SchemaCollector): Record<string, unknown>[] {
  const where = `${route.method} ${route.path}`;
  const path = properties(route.params && collector.input(route.params, where)).map(({ name, schema }) => ({
    name,
    in: 'path',
    required: true,
    schema,
  }));
  const query = properties(route.query && collector.input(route.query, where)).map(({ name, schema, required }) => {
    const { description, ...rest } = schema;
    return { name, in: 'query', required, ...(description === undefined ? {} : { description }), schema: rest };
  });
  return [...path, ...query, ...headerParametersOf(route)];
}

function headerParametersOf(route: RouteDefinition): Record<string, unknown>[] {
  const parameters: Record<string, unknown>[] = [];
  const add = (name: string, required: boolean, details: { description: string; example: string }) =>
    parameters.push({ name, in: 'header', required, ...details, schema: { type: 'string' } });
  if (route.idempotencyKey === true) {
    const description = '1 to 255 visible characters; the same key and body give the same answer again for 24 h';
    add('Idempotency-Key', true, { description, example: 'b7ad6b71-6920-4a33' });
  }
  if (route.ifMatch === true) add('If-Match', true, { description: 'The ETag last seen', example: '"1"' });
  if (route.method === 'GET' && sendsEtag(route)) {
    add('If-None-Match', false, { description: 'The ETag last seen: unchanged is 304', example: '"1"' });
  }
  return parameters;
}

function sendsEtag(route: RouteDefinition): boolean {
  return Object.keys(route.responses[200]?.headers ?? {}).some((name) => name.toLowerCase() === 'etag');
}

function properties(schema: JsonSchema | undefined): { name: string; schema: JsonSchema; required: boolean }[] {
  if (schema === undefined) return [];
  const required = new Set(schema.required as string[] | undefined);
  const members = (schema.properties ?? {}) as Record<string, JsonSchema>;
  return Object.entries(members).map(([name, member]) => ({ name, schema: member, required: required.has(name) }));
}

/** An example that its own schema refuses would be the first thing a reader tries. */
function assertExample(schema: z.ZodType, example: unknown, where: string): void {
  if (example === undefined) return;
  const { error } = schema.safeParse(example);
  assert(error === undefined, `the example for ${where} breaks its schema: ${error?.message}`);
}

/** Beside an answer's own headers where a limiter stands in front of it. */
export const RATE_LIMIT_HEADERS = {
  RateLimit: { $ref: '#/components/headers/RateLimit' },
  'RateLimit-Policy': { $ref: '#/components/headers/RateLimit-Policy' },
} as const;

interface ResponseObject {
  description: string;
  headers: Record<string, unknown>;
  content?: Record<string, unknown>;
}

const REQUEST_ID_HEADER = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } };

function responsesOf(route: RouteDefinition, collector: SchemaCollector): Record<string, ResponseObject> {
  const responses: Record<string, ResponseObject> = {};
  for (const [status, definition] of Object.entries(route.responses)) {
    const { description, schema, contentType = 'application/json', headers = {}, example } = definition;
    const documented = Object.entries(headers).map(([name, text]) => [
      name,
      { description: text, required: true, schema: { type: 'string' } },
    ]);
    const response: ResponseObject = {
      description,
      headers: { ...REQUEST_ID_HEADER, ...Object.fromEntries(documented), ...replayedHeader(route) },
    };
    if (schema !== undefined) assertExample(schema, example, `answer ${status} of ${route.method} ${route.path}`);
    if (schema !== undefined || definition.contentType !== undefined) {
      const media = schema === undefined ? {} : { schema: collector.output(schema) };
      response.content = { [contentType]: example === undefined ? media : { ...media, example } };
      if (definition.stream !== undefined) response.content[definition.stream] = {};
    }
    responses[status] = response;
  }
  if (route.method === 'GET' && sendsEtag(route)) {
    const { ETag, etag = ETag, ...more } = responses['200']?.headers ?? {};
    responses['304'] = { description: 'Unchanged since If-None-Match', headers: { ...more, ETag: etag } };
  }
  return responses;
}

/** On whatever is stored and given again: answers, and refusals by state. */
function replayedHeader(route: RouteDefinition): Record<string, unknown> {
  return route.idempotencyKey === true
    ? { 'Idempotent-Replayed': { $ref: '#/components/headers/Idempotent-Replayed' } }
    : {};
}

/** The problems a route can answer: those it names, and those that follow from what it takes. */
export function problemsOf(route: RouteDefinition): ProblemSlug[] {
  const slugs = new Set<ProblemSlug>([
    'malformed',
    'validation',
    'rate-limited',
    'internal',
    'unavailable',
    ...route.problems,
  ]);
  if (route.access !== 'anyone') slugs.add('unauthorized');
  if (route.access === 'admin') slugs.add('forbidden');
  if (route.params !== undefined) slugs.add('not-found');
  if (route.method !== 'GET' && route.method !== 'DELETE') for (const slug of BODY_PROBLEMS) slugs.add(slug);
  if (route.idempotencyKey === true) for (const slug of KEY_PROBLEMS) slugs.add(slug);
  if (route.ifMatch === true) slugs.add('precondition-required').add('precondition-failed');
  return [...slugs];
}

const BODY_PROBLEMS: readonly ProblemSlug[] = ['too-large', 'unsupported-media'];
const KEY_PROBLEMS: readonly ProblemSlug[] = [
  'idempotency-key-missing',
  'invalid-request',
  'idempotency-key-reused',
  'idempotency-in-progress',
];

function problemResponsesOf(route: RouteDefinition): Record<string, ResponseObject> {
  const byStatus = new Map<number, ProblemSlug[]>();
  for (const slug of problemsOf(route)) {
    const { status } = PROBLEMS[slug];
    byStatus.set(status, [...(byStatus.get(status) ?? []), slug]);
  }
  const responses: Record<string, ResponseObject> = {};
  for (const [status, slugs] of [...byStatus].sort(([a], [b]) => a - b)) {
    const headers: Record<string, unknown> = { ...REQUEST_ID_HEADER };
    if (status === 401) headers['WWW-Authenticate'] = { $ref: '#/components/headers/WWW-Authenticate' };
    if (status === 429 || status === 503) headers['Retry-After'] = { $ref: '#/components/headers/Retry-After' };
    if (status === 409 || status === 422) Object.assign(headers, replayedHeader(route));
    if (slugs.includes('idempotency-in-progress')) headers['Retry-After'] = IN_PROGRESS_RETRY_AFTER;
    const examples = Object.fromEntries(slugs.map((slug) => [slug, { value: exampleOf(slug, route) }]));
    const content = { [PROBLEM_CONTENT_TYPE]: { schema: { $ref: '#/components/schemas/Problem' }, examples } };
    responses[status] = {
      description: slugs.map((slug) => `\`${slug}\`: ${PROBLEMS[slug].title}`).join('. '),
      headers,
      content,
    };
  }
  return responses;
}

const IN_PROGRESS_RETRY_AFTER = {
  description: 'Seconds to wait, with `idempotency-in-progress`',
  schema: { type: 'integer' },
};

function exampleOf(slug: ProblemSlug, route: RouteDefinition) {
  return problemDocument(new Refusal(slug, PROBLEMS[slug].title), { path: route.path, traceId: EXAMPLE_TRACE_ID });
}

function sorted(schemas: Record<string, JsonSchema>): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
}

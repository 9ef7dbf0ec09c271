import { PROBLEMS, type ProblemSlug, Refusal } from '@souk/contracts';
import { type OpenApiDocument, PROBLEM_CONTENT_TYPE, problemDocument, RATE_LIMIT_HEADERS } from '@souk/http';
import { API_PREFIX } from '../routes.ts';

export interface NamedDocument {
  service: string;
  document: OpenApiDocument;
}

type Json = Record<string, unknown>;

/** What the gateway itself may answer to any route, beside what the service's own document says. */
const GATEWAY_PROBLEMS: readonly ProblemSlug[] = ['rate-limited', 'bad-gateway', 'unavailable', 'upstream-timeout'];
const EXAMPLE_TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

/** One public document from those of the services: their paths below /api/v1, and only the components these use. */
export function joinDocuments(documents: readonly NamedDocument[]): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  const schemas: Json = {};
  const headers: Json = {};
  const tags = new Set<string>();
  const operationIds = new Set<string>();
  for (const { service, document } of documents) {
    const publicPaths = Object.entries(document.paths).filter(([path]) => path.startsWith(`${API_PREFIX}/`));
    const renamed = mergeSchemas(schemas, document.components.schemas ?? {}, service);
    Object.assign(headers, document.components.headers);
    for (const [path, operations] of publicPaths) {
      paths[path] = Object.fromEntries(
        Object.entries(operations).map(([method, operation]) => {
          const joined = toJoinedOperation(withRenamedRefs(operation, renamed) as Json, {
            service,
            path,
            operationIds,
          });
          for (const tag of joined.tags as string[]) tags.add(tag);
          return [method, joined];
        }),
      );
    }
  }
  const document: OpenApiDocument = {
    openapi: '3.1.0',
    info: {
      title: 'Souk API',
      version: '1',
      description:
        'Every public route of the platform, served by the gateway. Errors are problem documents (RFC 9457) whose `type` ' +
        'leads to a page that explains them.',
    },
    servers: [{ url: '/' }],
    tags: [...tags].sort().map((name) => ({ name })),
    paths: sorted(paths),
    components: {
      schemas,
      headers,
      securitySchemes: {
        accessToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'From POST /api/v1/users/login',
        },
      },
    },
  };
  document.components.schemas = sorted(usedSchemas(document.paths, schemas));
  return document;
}

interface OperationContext {
  service: string;
  path: string;
  operationIds: Set<string>;
}

function toJoinedOperation(operation: Json, { service, path, operationIds }: OperationContext): Json {
  const operationId = String(operation.operationId);
  // The dead letters of four services have the same routes.
  const unique = operationIds.has(operationId) ? `${operationId}Of${pascalCase(service)}` : operationId;
  operationIds.add(unique);
  const responses: Json = { ...(operation.responses as Json) };
  for (const slug of GATEWAY_PROBLEMS) responses[PROBLEMS[slug].status] ??= toProblemResponse(slug, path);
  for (const [status, response] of Object.entries(responses)) {
    const { headers } = response as { headers: Json };
    responses[status] = { ...(response as Json), headers: { ...headers, ...RATE_LIMIT_HEADERS } };
  }
  return { ...operation, operationId: unique, security: operation.security ?? [], responses };
}

function toProblemResponse(slug: ProblemSlug, path: string): Json {
  const { status, title } = PROBLEMS[slug];
  const headers: Json = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } };
  if (status === 429 || status === 503) headers['Retry-After'] = { $ref: '#/components/headers/Retry-After' };
  const value = problemDocument(new Refusal(slug, title), { path, traceId: EXAMPLE_TRACE_ID });
  const content = {
    [PROBLEM_CONTENT_TYPE]: { schema: { $ref: '#/components/schemas/Problem' }, examples: { [slug]: { value } } },
  };
  return { description: `\`${slug}\`: ${title}`, headers, content };
}

/** Adds the schemas; one that differs from its namesake gets the service's name in front. Answers what was renamed. */
function mergeSchemas(target: Json, schemas: Json, service: string): ReadonlyMap<string, string> {
  const renamed = new Map<string, string>();
  for (const [name, schema] of Object.entries(schemas)) {
    const known = target[name];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
      renamed.set(name, pascalCase(service) + name);
    }
  }
  for (const [name, schema] of Object.entries(schemas)) {
    target[renamed.get(name) ?? name] = withRenamedRefs(schema, renamed);
  }
  return renamed;
}

const SCHEMA_REF = '#/components/schemas/';

function withRenamedRefs(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (renamed.size === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withRenamedRefs(item, renamed));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== '$ref' || typeof inner !== 'string') return [key, withRenamedRefs(inner, renamed)];
      const name = inner.slice(SCHEMA_REF.length);
      return [key, inner.startsWith(SCHEMA_REF) ? SCHEMA_REF + (renamed.get(name) ?? name) : inner];
    }),
  );
}

/** The schemas that a public path refers to, directly or through another one: internal ones are nobody's business. */
function usedSchemas(paths: OpenApiDocument['paths'], schemas: Json): Json {
  const used: Json = {};
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$ref' && typeof inner === 'string' && inner.startsWith(SCHEMA_REF)) {
        const name = inner.slice(SCHEMA_REF.length);
        if (Object.hasOwn(used, name) || !Object.hasOwn(schemas, name)) continue;
        used[name] = schemas[name];
        visit(schemas[name]);
      } else visit(inner);
    }
  };
  visit(paths);
  return used;
}

function sorted<T>(entries: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).sort(([left], [right]) => (left < right ? -1 : 1)));
}

function pascalCase(service: string): string {
  return service.replaceAll(/(?:^|-)(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

import type { ProblemSlug } from '@souk/contracts';
import { type Operation, operationsOf } from './contract-operations.ts';
import type { JsonSchema } from './json-schema.ts';
import type { OpenApiDocument } from './openapi.ts';

/** Whose credentials a case is sent with; `stranger` is a customer who owns nothing. */
export type ContractRole = 'nobody' | 'stranger' | 'customer' | 'admin' | 'service';

export interface ContractRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** One request that must be refused, and the problem it must get. */
export interface ContractCase {
  /** A sentence: `POST /api/v1/orders without a token is 401 unauthorized`. */
  title: string;
  operationId: string;
  as: ContractRole;
  request: ContractRequest;
  expected: { status: number; slug: ProblemSlug; pointers?: string[]; allow?: string };
}

export interface ContractCasesOptions {
  /**
   * Paths of objects that exist, by path template: `'/api/v1/orders/{id}': '/api/v1/orders/0198…'`. They belong to the
   * customer of role `customer`. With one, 428, 412 and (for a stranger) 404 are checked too.
   */
  objects?: Record<string, string>;
  /** Operations where an id that nobody knows is no 404, by operationId. */
  unknownIdAllowed?: readonly string[];
}

const UNKNOWN_ID = '0190a000-0000-7000-8000-0000000000ff';
const TOO_LARGE = ' '.repeat(102_401);

/**
 * The refusals that follow from a service's document alone, for every route, so that a new route cannot be forgotten:
 * anonymous, wrong role, foreign owner, bad token, wrong method, bad key, media type, malformed, too large, unknown and missing
 * and mistyped fields, unknown and repeated query parameters, unknown ids, missing and stale versions.
 */
export function contractCases(document: OpenApiDocument, options: ContractCasesOptions = {}): ContractCase[] {
  return operationsOf(document, options).flatMap((operation) => [
    ...accessCases(operation),
    ...keyCases(operation),
    ...bodyCases(operation),
    ...fieldCases(operation),
    ...queryCases(operation),
    ...objectCases(operation),
    wrongMethodCase(operation),
    brokenPathCase(operation),
  ]);
}

interface CaseDetails {
  what: string;
  slug: ProblemSlug;
  status: number;
  as?: ContractRole;
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  /** Null: none at all. */
  body?: string | null;
  pointers?: string[];
  allow?: string;
}

function roleOf({ access }: Operation): ContractRole {
  return access === 'anyone' ? 'nobody' : access === 'user' ? 'customer' : access;
}

/** A request that would be right, but for what `details` changes. A header that is set to '' is left out. */
function caseOf(operation: Operation, details: CaseDetails): ContractCase {
  const { what, slug, status, pointers, allow } = details;
  const sendsBody = details.method === undefined && operation.method !== 'GET' && operation.method !== 'DELETE';
  const body = details.body === undefined ? (sendsBody ? bodyTextOf(operation) : null) : details.body;
  const usual: Record<string, string> = {};
  if (body !== null) usual['content-type'] = 'application/json';
  if (operation.needsKey) usual['idempotency-key'] = `contract-${operation.operationId}-${what.length}`;
  if (operation.needsVersion) usual['if-match'] = '"1"';
  const headers = Object.entries({ ...usual, ...details.headers }).filter(([, value]) => value !== '');
  const method = details.method ?? operation.method;
  const request: ContractRequest = {
    method,
    path: details.path ?? operation.template.replaceAll(/\{[^}]+\}/g, UNKNOWN_ID),
    headers: Object.fromEntries(headers),
  };
  if (body !== null) request.body = body;
  return {
    title: `${method} ${operation.template} ${what} is ${status} ${slug}`,
    operationId: operation.operationId,
    as: details.as ?? roleOf(operation),
    request,
    expected: {
      status,
      slug,
      ...(pointers === undefined ? {} : { pointers }),
      ...(allow === undefined ? {} : { allow }),
    },
  };
}

function bodyTextOf({ body }: Operation): string {
  return JSON.stringify(body?.example ?? {});
}

function accessCases(operation: Operation): ContractCase[] {
  const { access } = operation;
  if (access === 'anyone') return [];
  const unauthorized = { slug: 'unauthorized', status: 401 } as const;
  const garbage = { authorization: 'Bearer e30.e30.e30' };
  const cases = [
    caseOf(operation, { ...unauthorized, what: 'without a token', as: 'nobody' }),
    caseOf(operation, { ...unauthorized, what: 'with a forged token', as: 'nobody', headers: garbage }),
    caseOf(operation, {
      ...unauthorized,
      what: access === 'service' ? "with a user's token" : "with a service's token",
      as: access === 'service' ? 'admin' : 'service',
    }),
  ];
  if (access === 'admin') {
    cases.push(caseOf(operation, { what: 'as a customer', slug: 'forbidden', status: 403, as: 'customer' }));
  }
  return cases;
}

function keyCases(operation: Operation): ContractCase[] {
  if (!operation.needsKey) return [];
  const headers = (key: string) => ({ 'idempotency-key': key });
  const invalid = { slug: 'invalid-request', status: 400 } as const;
  const missing = { what: 'without a key', slug: 'idempotency-key-missing', status: 400 } as const;
  return [
    caseOf(operation, { ...missing, headers: headers('') }),
    caseOf(operation, { ...invalid, what: 'with a space in its key', headers: headers('a b') }),
    caseOf(operation, { ...invalid, what: 'with a key of 256 characters', headers: headers('k'.repeat(256)) }),
  ];
}

function bodyCases(operation: Operation): ContractCase[] {
  if (operation.method === 'GET' || operation.method === 'DELETE') return [];
  const media = { slug: 'unsupported-media', status: 415 } as const;
  const malformed = { slug: 'malformed', status: 400 } as const;
  const encoded = { ...media, what: 'with an encoded body', headers: { 'content-encoding': 'gzip' } };
  const cases = [
    caseOf(operation, { what: 'with 102,401 bytes', slug: 'too-large', status: 413, body: TOO_LARGE }),
    caseOf(operation, encoded),
  ];
  if (operation.isRaw) return cases;
  cases.push(
    caseOf(operation, { ...media, what: 'with a text', headers: { 'content-type': 'text/plain' } }),
    caseOf(operation, { ...malformed, what: 'with half a body', body: '{"a":' }),
    caseOf(operation, { ...malformed, what: 'with a byte order mark', body: '\ufeff{}' }),
  );
  if (operation.body?.isRequired) cases.push(caseOf(operation, { ...malformed, what: 'without a body', body: null }));
  return cases;
}

const WRONG_BY_TYPE: Record<string, unknown> = {
  string: { not: '' },
  integer: '1',
  number: '1',
  boolean: 'true',
  array: { 0: 'x' },
  object: 'x',
};

function fieldCases(operation: Operation): ContractCase[] {
  if (operation.method === 'GET' || operation.method === 'DELETE' || operation.isRaw) return [];
  const validation = { slug: 'validation', status: 422 } as const;
  const cases = [
    caseOf(operation, { ...validation, what: 'with an array', body: '[]', pointers: [''] }),
    caseOf(operation, { ...validation, what: 'with null', body: 'null', pointers: [''] }),
    caseOf(operation, {
      ...validation,
      what: 'with an unknown field',
      body: '{"nobodyKnows":null}',
      pointers: ['/nobodyKnows'],
    }),
    caseOf(operation, { ...validation, what: 'with __proto__', body: '{"__proto__":{}}', pointers: ['/__proto__'] }),
  ];
  const { properties = {}, required = [] } = (operation.body?.schema ?? {}) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  if (required.length > 0) {
    const pointers = required.map((name) => `/${name}`);
    cases.push(caseOf(operation, { ...validation, what: 'without any field', body: '{}', pointers }));
  }
  for (const [name, schema] of Object.entries(properties)) {
    const wrong = WRONG_BY_TYPE[typeOf(schema)];
    if (wrong === undefined) continue;
    const body = JSON.stringify({ [name]: wrong });
    cases.push(
      caseOf(operation, { ...validation, what: `with ${name} of another type`, body, pointers: [`/${name}`] }),
    );
  }
  return cases;
}

/** The one type a schema has beside null; '' where that cannot be said. */
function typeOf(schema: JsonSchema): string {
  const branches = (schema.anyOf ?? [schema]) as JsonSchema[];
  const types = branches.flatMap((branch) => branch.type ?? '').filter((type) => type !== 'null');
  return types.length === 1 ? String(types[0]) : '';
}

function queryCases(operation: Operation): ContractCase[] {
  const path = operation.template.replaceAll(/\{[^}]+\}/g, UNKNOWN_ID);
  // As somebody who may use every parameter: for a customer, one of the administrator's is 403 whatever its value is.
  const as = operation.access === 'user' ? 'admin' : roleOf(operation);
  const validation = { slug: 'validation', status: 422, as } as const;
  const cases = [
    caseOf(operation, {
      ...validation,
      what: 'with an unknown parameter',
      path: `${path}?nobodyKnows=1`,
      pointers: ['/nobodyKnows'],
    }),
  ];
  for (const { name, schema } of operation.query) {
    const pointers = [`/${name}`];
    cases.push(
      caseOf(operation, { ...validation, what: `with ${name} twice`, path: `${path}?${name}=1&${name}=1`, pointers }),
    );
    if (schema.type !== 'integer') continue;
    for (const value of ['abc', '1.5', '-1', '1e9']) {
      const what = `with ${name}=${value}`;
      cases.push(caseOf(operation, { ...validation, what, path: `${path}?${name}=${value}`, pointers }));
    }
  }
  return cases;
}

function objectCases(operation: Operation): ContractCase[] {
  const { template, objectPath, body, unknownIdAllowed } = operation;
  const isBodyRight = body === undefined || !body.isRequired || body.example !== undefined;
  if (!isBodyRight) return [];
  // Without a parameter the path is the caller's own object, which is always there.
  if (!template.includes('{')) return versionCases(operation, template);
  const notFound = { slug: 'not-found', status: 404 } as const;
  const oddPath = template.replaceAll(/\{[^}]+\}/g, "1'%20OR%201=1");
  const cases = [caseOf(operation, { ...notFound, what: 'with an id that is none', path: oddPath })];
  if (!unknownIdAllowed) cases.push(caseOf(operation, { ...notFound, what: 'with an unknown id' }));
  if (objectPath === undefined) return cases;
  if (operation.access === 'user') {
    cases.push(caseOf(operation, { ...notFound, what: "with somebody else's id", as: 'stranger', path: objectPath }));
  }
  return [...cases, ...versionCases(operation, objectPath)];
}

function versionCases(operation: Operation, path: string): ContractCase[] {
  if (!operation.needsVersion) return [];
  const at = (what: string, tag: string, details: { slug: ProblemSlug; status: number }) =>
    caseOf(operation, { what, path, headers: { 'if-match': tag }, ...details });
  const required = { slug: 'precondition-required', status: 428 } as const;
  const failed = { slug: 'precondition-failed', status: 412 } as const;
  const stale = ['"999999"', 'W/"1"', '1', '"x"'].map((tag) => at(`with If-Match: ${tag}`, tag, failed));
  return [at('without If-Match', '', required), at('with If-Match: *', '*', required), ...stale];
}

function wrongMethodCase(operation: Operation): ContractCase {
  const { allow } = operation;
  const method =
    ['PUT', 'DELETE', 'PATCH', 'POST', 'GET'].find((candidate) => !allow.split(', ').includes(candidate)) ?? 'OPTIONS';
  return caseOf(operation, {
    what: `(not ${allow})`,
    slug: 'method-not-allowed',
    status: 405,
    method,
    as: 'nobody',
    allow,
  });
}

function brokenPathCase(operation: Operation): ContractCase {
  const { template } = operation;
  const path = template.includes('{') ? template.replaceAll(/\{[^}]+\}/g, '%zz') : `${template}%zz`;
  return caseOf(operation, { what: 'with a broken escape in its path', slug: 'malformed', status: 400, path });
}

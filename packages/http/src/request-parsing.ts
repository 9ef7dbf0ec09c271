import { type FieldError, Refusal } from '@souk/contracts';
import { z } from 'zod';
import {
  checkContentEncoding,
  checkMediaType,
  type JsonBody,
  parseJsonBody,
  readIncoming,
  readRequest,
} from './body.ts';
import type { HttpRequest } from './http-request.ts';
import { inspectJson, pointerToken } from './json-inspection.ts';
import { findRoundedNumber } from './number-precision.ts';
import type { RouteDefinition } from './route.ts';
import { toFieldErrors, validationRefusal } from './validation.ts';

const nothing = z.strictObject({});

export function takesBody(route: RouteDefinition): boolean {
  return route.method === 'POST' || route.method === 'PUT' || route.method === 'PATCH' || route.body !== undefined;
}

/** The body's bytes, read once; `chunked` ones are read ahead of routing (they may turn out to be too large). */
export function readBody(request: HttpRequest): Promise<Buffer> {
  request.bodyBytes ??= request.incoming === undefined ? readRequest(request.raw) : readIncoming(request.incoming);
  return request.bodyBytes;
}

/** Without a schema the route wants no fields: an empty body is as good as `{}`, a field is unknown. */
function isBodyOptional(route: RouteDefinition): boolean {
  return route.bodyOptional === true || route.body === undefined;
}

/** 415 for what cannot be read, before any of it is. */
export function checkBodyHeaders(request: HttpRequest, route: RouteDefinition): void {
  checkContentEncoding(request.headers.get('content-encoding'));
  if (route.rawBody === true) return;
  const contentType = request.headers.get('content-type');
  if (contentType !== undefined && (request.announcesBody() || !isBodyOptional(route))) checkMediaType(contentType);
}

/** 400 for what is no JSON; the value is not yet held against a schema. */
export function parseBody(bytes: Buffer, request: HttpRequest, route: RouteDefinition): JsonBody {
  if (bytes.length === 0 && isBodyOptional(route)) return { text: '', value: {} };
  if (bytes.length > 0) checkMediaType(request.headers.get('content-type'));
  return parseJsonBody(bytes);
}

export function parseQuery(rawQuery: string | undefined): { values: Record<string, string>; errors: FieldError[] } {
  const values: Record<string, string> = {};
  const errors: FieldError[] = [];
  if (rawQuery === undefined) return { values, errors };
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    if (name === '__proto__') errors.push({ pointer: '/__proto__', detail: 'unknown field' });
    else if (Object.hasOwn(values, name)) errors.push({ pointer: `/${pointerToken(name)}`, detail: 'expected once' });
    else values[name] = value;
  }
  return { values, errors };
}

interface Validated {
  query: unknown;
  body: unknown;
}

/** Query and body against their schemas; throws one `validation` that names every broken field of both. */
export function validate(request: HttpRequest, route: RouteDefinition, json: JsonBody | undefined): Validated {
  const { values, errors } = parseQuery(request.rawQuery);
  const query = (route.query ?? nothing).safeParse(values);
  if (!query.success) errors.push(...toFieldErrors(query.error.issues));
  const body = json === undefined ? undefined : validateBody(json, route, errors);
  if (errors.length > 0) throw validationRefusal(errors);
  return {
    query: route.query === undefined ? undefined : query.data,
    body: route.body === undefined ? undefined : body,
  };
}

function validateBody({ text, value }: JsonBody, route: RouteDefinition, errors: FieldError[]): unknown {
  const found = inspectJson(value);
  if (found !== undefined) {
    errors.push(found);
    return undefined;
  }
  const body = (route.body ?? nothing).safeParse(value);
  if (!body.success) {
    errors.push(...toFieldErrors(body.error.issues));
    return undefined;
  }
  const rounded = findRoundedNumber(text, value);
  if (rounded !== undefined) errors.push(rounded);
  return body.data;
}

/** A path parameter that does not parse cannot name anything: 404, after the schema's 422. */
export function parseParams(values: Record<string, string>, route: RouteDefinition): unknown {
  if (route.params === undefined) return undefined;
  const params = route.params.safeParse(values);
  if (!params.success) throw new Refusal('not-found', 'Nothing was found here');
  return params.data;
}

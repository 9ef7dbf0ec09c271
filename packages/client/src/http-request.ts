import { OPERATIONS, type OperationId } from './generated/api.ts';

/** Parts of any operation's input, as the generated types allow them one by one. */
export interface RequestParts {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
  ifMatch?: number | string;
  idempotencyKey?: string | undefined;
}

export interface HttpRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | undefined;
  /** Whether a second try can do no harm: it reads, or the shop knows it by its Idempotency-Key. */
  isRepeatable: boolean;
}

/** Writes an operation and its input down as a request, without the access token. */
export function toHttpRequest(baseUrl: string, id: OperationId, parts: RequestParts): HttpRequest {
  const row = OPERATIONS[id];
  const path = row.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts.path?.[name] ?? ''));
  const headers: Record<string, string> = { accept: 'application/json' };
  const body = parts.body === undefined ? undefined : JSON.stringify(parts.body);
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (parts.ifMatch !== undefined) headers['if-match'] = toETag(parts.ifMatch);
  if (row.idempotencyKey) headers['idempotency-key'] = parts.idempotencyKey ?? newIdempotencyKey();
  return {
    method: row.method,
    url: `${baseUrl}${path}${toQueryString(parts.query)}`,
    headers,
    body,
    isRepeatable: row.method === 'GET' || row.idempotencyKey === true,
  };
}

function toETag(version: number | string): string {
  return typeof version === 'number' ? `"${version}"` : version;
}

function toQueryString(query: Record<string, unknown> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

// Not randomUUID: browsers have it on secure origins only.
function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

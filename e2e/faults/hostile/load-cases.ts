import { readFileSync } from 'node:fs';
import type { HostileCase, HostileWorld } from './hostile-case.ts';

/** One line of `requests/*.jsonl`. */
interface Line {
  title: string;
  as?: NonNullable<HostileCase['as']>;
  /** Method and path below /api/v1. */
  request: string;
  headers?: [string, string][];
  body?: string;
  bodyBase64?: string;
  /** `400` or `400 or 404`. */
  status: string;
  slug?: string;
  pointer?: string;
}

export const REQUEST_FILES = ['json', 'catalogue', 'orders', 'accounts'] as const;

const PLACEHOLDER = /\{\{([A-Za-z]+)\}\}/g;
const REPEATED = /\{\{([\s\S]{1,6}?)\*(\d+)\}\}/g;

/**
 * Puts the world into a text: `{{productId}}` is its value, in capitals where the name is in capitals, and a tag without
 * its quotes; `{{x*300}}` is 300 times x.
 */
function fill(text: string, world: HostileWorld): string {
  const values = new Map(Object.entries(world).map(([name, value]) => [name, String(value).replaceAll('"', '')]));
  for (const [name, value] of [...values]) values.set(name.toUpperCase(), value.toUpperCase());
  return text
    .replaceAll(PLACEHOLDER, (whole, name: string) => values.get(name) ?? whole)
    .replaceAll(REPEATED, (_, piece: string, times: string) => piece.repeat(Number(times)));
}

function toCase(line: Line, world: HostileWorld): HostileCase {
  const { title, as, request, headers, body, bodyBase64, status, slug, pointer } = line;
  const [method = '', path = ''] = request.split(/ (.*)/s);
  const content = bodyBase64 === undefined ? body && fill(body, world) : Buffer.from(bodyBase64, 'base64');
  return {
    title,
    method,
    path: fill(path, world),
    status: status.split(' or ').map(Number),
    ...(as && { as }),
    ...(headers && { headers: headers.map(([name, value]) => [name, fill(value, world)] as const) }),
    ...((content !== undefined || body === '') && { body: content ?? '' }),
    ...(slug && { slug }),
    ...(pointer !== undefined && { pointer }),
  };
}

/** The requests of a file, about this world. */
export function loadCases(file: (typeof REQUEST_FILES)[number], world: HostileWorld): HostileCase[] {
  const text = readFileSync(new URL(`./requests/${file}.jsonl`, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => toCase(JSON.parse(line) as Line, world));
}

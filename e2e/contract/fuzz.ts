import type { OpenApiDocument } from '@souk/http';
import fc from 'fast-check';

/** One request that no sane client would send. */
export interface OddRequest {
  method: string;
  path: string;
  access: string;
  headers: Record<string, string>;
  body: string | undefined;
}

type Operation = Record<string, unknown>;

const ODD_TEXTS = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e',
  "' OR 1=1--",
  '$ne',
  '{{7*7}}',
  '%',
  '_',
  '../../etc/passwd',
  '-1',
  '1e309',
  'null',
  'ß'.repeat(300),
  '😀'.repeat(150),
  'tok_ok',
  '0190a000-0000-7000-8000-000000000001',
  '0190A000-0000-7000-8000-000000000001',
  '00000000-0000-0000-0000-000000000000',
  '2026-01-01T00:00:00.000Z',
];

const text = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: 'binary', maxLength: 60 }));
const number = fc.oneof(
  fc.constantFrom(0, -0, -1, 1, 1.5, 2 ** 31, 2 ** 53, 1e300, -1e300, 99, 100, 1e-7),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const leaf = fc.oneof(text, number, fc.boolean(), fc.constant(null), fc.constantFrom({}, [], { not: '' }, { $gt: 1 }));
const anyJson = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 4 }),
  fc.dictionary(text, leaf, { maxKeys: 4 }),
  fc.jsonValue(),
);

/** The example with some of its places, at any depth, replaced by something odd. */
function mutated(example: unknown): fc.Arbitrary<unknown> {
  if (Array.isArray(example)) {
    return fc.oneof({ weight: 3, arbitrary: fc.tuple(...example.map(mutated)) }, { weight: 1, arbitrary: anyJson });
  }
  if (typeof example !== 'object' || example === null) {
    return fc.oneof({ weight: 2, arbitrary: fc.constant(example) }, { weight: 1, arbitrary: leaf });
  }
  const fields = Object.fromEntries(Object.entries(example).map(([name, value]) => [name, mutated(value)]));
  const same = fc.record(fields, { requiredKeys: Object.keys(fields) });
  const fewer = fc.record(fields, { requiredKeys: [] });
  return fc.oneof({ weight: 4, arbitrary: same }, { weight: 1, arbitrary: fewer }, { weight: 1, arbitrary: anyJson });
}

function pathOf(template: string, objects: Record<string, string>): fc.Arbitrary<string> {
  const odd = text.map((value) => template.replaceAll(/\{[^}]+\}/g, encodeURIComponent(value.toWellFormed())));
  const known = objects[template];
  return template.includes('{') && known !== undefined ? fc.oneof(fc.constant(known), odd) : odd;
}

function queryOf(operation: Operation): fc.Arbitrary<string> {
  const names = ((operation.parameters ?? []) as { in: string; name: string }[])
    .filter((parameter) => parameter.in === 'query')
    .map((parameter) => parameter.name);
  const name = fc.constantFrom(...names, 'limit', 'cursor', 'include');
  const pair = fc.tuple(name, text).map(([key, value]) => `${key}=${encodeURIComponent(value.toWellFormed())}`);
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    { weight: 2, arbitrary: fc.array(pair, { minLength: 1, maxLength: 3 }).map((pairs) => `?${pairs.join('&')}`) },
  );
}

const headerValue = fc.oneof(
  fc.constantFrom('"1"', '"0"', 'W/"1"', '*', '"', 'a b', '"9007199254740993"', ',,,'),
  fc.string({ maxLength: 20 }).map((value) => value.replaceAll(/[^\x20-\x7e]/g, '').trim()),
);

/** Requests to one operation that are wrong in any way, or by chance right. */
export function oddRequests(document: OpenApiDocument, objects: Record<string, string>): fc.Arbitrary<OddRequest>[] {
  return Object.entries(document.paths).flatMap(([template, item]) =>
    Object.entries(item).map(([method, value]) => {
      const operation = value as Operation;
      const media = (operation.requestBody as { content?: Record<string, { example?: unknown }> } | undefined)
        ?.content?.['application/json'];
      const body =
        media === undefined
          ? fc.constant(undefined)
          : fc.oneof(
              { weight: 6, arbitrary: mutated(media.example ?? {}).map((json) => JSON.stringify(json)) },
              { weight: 1, arbitrary: text },
            );
      const headers = fc.record(
        {
          'if-match': headerValue,
          'if-none-match': headerValue,
          'idempotency-key': fc.oneof(fc.uuid(), headerValue),
          'last-event-id': headerValue,
          traceparent: headerValue,
        },
        { requiredKeys: [] },
      );
      return fc.record({
        method: fc.constant(method.toUpperCase()),
        path: fc.tuple(pathOf(template, objects), queryOf(operation)).map(([path, query]) => path + query),
        access: fc.constant(String(operation['x-access'])),
        headers: headers.map((given) =>
          Object.fromEntries(Object.entries(given).filter(([, header]) => header !== '')),
        ),
        body,
      }) as fc.Arbitrary<OddRequest>;
    }),
  );
}

import { expect, test } from 'vitest';
import { z } from 'zod';
import { anApp } from '../test/app.ts';
import { createAnswerChecker, type GivenAnswer } from './answer-check.ts';
import { checkReads } from './read-check.ts';
import { reply } from './reply.ts';
import { defineRoute } from './route.ts';
import { moneySchemaApi, pathIdSchema } from './schemas.ts';

const ID = '0190a000-0000-7000-8000-000000000001';
const thing = z.object({ id: z.string(), price: moneySchemaApi, note: z.string().nullable() }).meta({ id: 'Thing' });
const base = { access: 'anyone', tags: [], summary: '', problems: [] } as const;
const aThing = { id: ID, price: { amount: 1, currency: 'EUR' }, note: null };

function aThingApp(answer: unknown) {
  return anApp([
    defineRoute({
      ...base,
      method: 'GET',
      path: '/things/{id}',
      operationId: 'getThing',
      params: pathIdSchema,
      responses: { 200: { description: 'The thing', schema: thing, headers: { ETag: 'Its version' } } },
      handler: () => reply.ok(answer, { etag: 1 }),
    }),
    defineRoute({
      ...base,
      method: 'GET',
      path: '/things/mine',
      operationId: 'getMine',
      query: z.strictObject({ of: z.string() }),
      responses: { 200: { description: 'The things', schema: z.array(thing) } },
      handler: () => reply.ok([answer]),
    }),
    defineRoute({
      ...base,
      method: 'DELETE',
      path: '/things/{id}',
      operationId: 'deleteThing',
      params: pathIdSchema,
      responses: { 204: { description: 'Gone' } },
      handler: () => reply.noContent(),
    }),
  ]);
}

const JSON_HEADERS = { 'content-type': 'application/json', 'x-request-id': 'r' };
const READ = { method: 'GET', path: `/things/${ID}`, status: 200, body: aThing } as const;
const found = (
  answer: Omit<GivenAnswer, 'headers'>,
  headers: Record<string, string> = { ...JSON_HEADERS, etag: '"1"' },
) => createAnswerChecker(aThingApp(aThing).openApiDocument())({ ...answer, headers: new Headers(headers) });

test('an answer that is as the document says passes', () => {
  expect(found({ ...READ, path: `/things/${ID}?x=1` })).toEqual([]);
  expect(found({ ...READ, path: '/things/mine', body: [aThing] }, JSON_HEADERS)).toEqual([]);
  const gone = { method: 'DELETE', path: `/things/${ID}`, status: 204, body: undefined };
  expect(found(gone, { 'x-request-id': 'r' })).toEqual([]);
  expect(found({ ...READ, method: 'HEAD', body: undefined })).toEqual([]);
});

test.each([
  ['a field too many', { ...aThing, secret: 1 }],
  ['a field too few', { id: ID, price: aThing.price }],
  ['a field of another type, deep', { ...aThing, price: { amount: '1', currency: 'EUR' } }],
  ['a field too many, deep', { ...aThing, price: { ...aThing.price, cents: true } }],
])('%s is told', (_name, body) => {
  expect(found({ ...READ, body })).toHaveLength(1);
});

test('a path, status or media type that is not documented is told', () => {
  for (const change of [{ path: '/other' }, { method: 'PUT' }, { status: 202 }]) {
    expect(found({ ...READ, ...change })).toHaveLength(1);
  }
  expect(found(READ, { ...JSON_HEADERS, etag: '"1"', 'content-type': 'text/plain' })).toHaveLength(1);
  expect(found(READ, { 'x-request-id': 'r', etag: '"1"' })).toHaveLength(1);
  expect(found({ ...READ, method: 'DELETE', status: 204 }, JSON_HEADERS)).toHaveLength(1);
});

test('a header that is missing or not documented is told', () => {
  expect(found(READ, JSON_HEADERS)).toEqual([expect.stringContaining('lacks the header etag')]);
  const more = { ...JSON_HEADERS, etag: '"1"', 'x-powered-by': 'souk', date: 'now' };
  expect(found(READ, more)).toEqual([expect.stringContaining('x-powered-by, which is not documented')]);
});

test('a problem is one of those that the operation names, or ahead of all operations', () => {
  const problem = (slug: string, status: number) => ({
    ...{ type: `/problems/${slug}`, title: 'T', status, detail: 'd', instance: '/things/1' },
    traceId: '0af7651916cd43dd8448eb211c80319c',
  });
  const headers = { 'x-request-id': 'r', 'content-type': 'application/problem+json' };
  const refused = (slug: string, status: number, more = {}) =>
    found({ ...READ, status, body: { ...problem(slug, status), ...more } }, headers);
  expect(refused('not-found', 404)).toEqual([]);
  expect(refused('sku-taken', 404)).toHaveLength(1);
  expect(refused('conflict', 409)).toHaveLength(1);
  expect(refused('not-found', 404, { stack: 'at x' })).toHaveLength(1);
  expect(refused('method-not-allowed', 405)).toEqual([]);
});

test('every route that can be read is read', async () => {
  const objects = { '/things/{id}': `/things/${ID}` };
  const read = (answer: unknown) => {
    const app = aThingApp(answer);
    return checkReads(app.openApiDocument(), { objects, send: ({ path, ...init }) => app.request(path, init) });
  };
  expect(await read(aThing)).toEqual(['/things/{id}']);
  await expect(read({ ...aThing, extra: 1 })).rejects.toThrow();
});

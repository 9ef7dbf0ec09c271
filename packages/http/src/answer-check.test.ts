import { expect, test } from 'vitest';
import { z } from 'zod';
import { anApp } from '../test/app.ts';
import { checkReads, createAnswerChecker } from './answer-check.ts';
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

test('an answer that is as the document says passes', () => {
  const check = createAnswerChecker(aThingApp(aThing).openApiDocument());
  const contentType = 'application/json';
  expect(check({ method: 'GET', path: `/things/${ID}?x=1`, status: 200, contentType, body: aThing })).toEqual([]);
  expect(check({ method: 'GET', path: '/things/mine', status: 200, contentType, body: [aThing] })).toEqual([]);
  expect(check({ method: 'DELETE', path: `/things/${ID}`, status: 204, contentType: null, body: undefined })).toEqual(
    [],
  );
});

test.each([
  ['a field too many', { ...aThing, secret: 1 }],
  ['a field too few', { id: ID, price: aThing.price }],
  ['a field of another type, deep', { ...aThing, price: { amount: '1', currency: 'EUR' } }],
  ['a field too many, deep', { ...aThing, price: { ...aThing.price, cents: true } }],
])('%s is told', (_name, body) => {
  const check = createAnswerChecker(aThingApp(aThing).openApiDocument());
  const answer = { method: 'GET', path: `/things/${ID}`, status: 200, contentType: 'application/json', body };
  expect(check(answer)).toHaveLength(1);
});

test('a path, status or media type that is not documented is told', () => {
  const check = createAnswerChecker(aThingApp(aThing).openApiDocument());
  const answer = { method: 'GET', path: `/things/${ID}`, status: 200, contentType: 'application/json', body: aThing };
  for (const change of [
    { path: '/other' },
    { method: 'PUT' },
    { status: 202 },
    { contentType: 'text/plain' },
    { contentType: null },
  ]) {
    expect(check({ ...answer, ...change })).toHaveLength(1);
  }
  expect(check({ ...answer, method: 'DELETE', status: 204 })).toHaveLength(1);
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

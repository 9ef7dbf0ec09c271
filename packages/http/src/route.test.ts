import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import type { Caller } from './caller.ts';
import { reply } from './reply.ts';
import { defineRoute } from './route.ts';

test('a route hands its handler the parsed types', () => {
  const route = defineRoute({
    method: 'POST',
    path: '/api/v1/things/{id}',
    access: 'user',
    operationId: 'makeThing',
    summary: 'Makes a thing',
    tags: ['things'],
    params: z.strictObject({ id: z.string() }),
    query: z.strictObject({ n: z.string().transform(Number).optional() }),
    body: z.strictObject({ name: z.string() }),
    idempotencyKey: true,
    responses: { 201: { description: 'Made' } },
    problems: [],
    handler: async ({ params, query, body, caller, request }) => {
      expectTypeOf(params).toEqualTypeOf<{ id: string }>();
      expectTypeOf(query.n).toEqualTypeOf<number | undefined>();
      expectTypeOf(body).toEqualTypeOf<{ name: string }>();
      expectTypeOf(caller).toEqualTypeOf<Caller>();
      expectTypeOf(request.idempotencyKey).toEqualTypeOf<string>();
      return reply.created('/x', {});
    },
  });
  expect(route.method).toBe('POST');
  defineRoute({
    method: 'GET',
    path: '/api/v1/things',
    access: 'anyone',
    operationId: 'listThings',
    summary: 'Lists things',
    tags: ['things'],
    responses: { 200: { description: 'All' } },
    problems: [],
    handler: async ({ params, body, caller, request }) => {
      expectTypeOf(params).toEqualTypeOf<undefined>();
      expectTypeOf(body).toEqualTypeOf<undefined>();
      expectTypeOf(caller).toEqualTypeOf<undefined>();
      expectTypeOf(request.idempotencyKey).toEqualTypeOf<string | undefined>();
      return reply.ok({});
    },
  });
});

import { PROBLEMS } from '@souk/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import document from '../openapi.json' with { type: 'json' };
import { type Answer, type Person, startUserService, type UserServiceUnderTest } from './user-service-under-test.ts';

interface Operation {
  method: string;
  path: string;
  isOpen: boolean;
  takesBody: boolean;
  example: unknown;
  needsMatch: boolean;
  statuses: string[];
}

/** Every operation of the document, so that a new route cannot be forgotten here. */
const operations: Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, Record<string, ReturnType<typeof JSON.parse>>>).map(
    ([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      isOpen: operation.security.length === 0,
      takesBody: operation.requestBody !== undefined,
      example: operation.requestBody?.content['application/json'].example,
      needsMatch: operation.responses['428'] !== undefined,
      statuses: Object.keys(operation.responses),
    }),
  ),
);
const named = (list: Operation[]) =>
  list.map((operation) => [`${operation.method} ${operation.path}`, operation] as const);
const guarded = operations.filter((operation) => !operation.isOpen);
const writing = operations.filter((operation) => operation.takesBody);
/** Routes that only administrators may use: the collection of users and its items. */
const isAdministration = ({ method, path }: Operation) =>
  path === '/api/v1/users/{id}' || (path === '/api/v1/users' && method === 'GET');

let souk: UserServiceUnderTest;
let customer: Person;
let admin: Person;
beforeAll(async () => {
  souk = await startUserService();
  customer = await souk.person();
  admin = await souk.person({ admin: true });
});
afterAll(() => souk.stop());

const UNKNOWN_ID = '0198c0de-0000-7000-8000-00000000dead';
const call = (operation: Operation, given: Parameters<UserServiceUnderTest['call']>[2] = {}) =>
  souk.call(operation.method, operation.path.replace('{id}', UNKNOWN_ID), given);
const tokenFor = (operation: Operation) => (operation.isOpen ? undefined : admin.token);

function expectProblem({ status, headers, body }: Answer, slug: keyof typeof PROBLEMS, operation: Operation) {
  expect([status, body?.type]).toEqual([PROBLEMS[slug].status, `/problems/${slug}`]);
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(body).toMatchObject({
    title: PROBLEMS[slug].title,
    status,
    detail: expect.any(String),
    instance: operation.path.replace('{id}', UNKNOWN_ID),
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  if (status !== 405) expect(operation.statuses).toContain(String(status));
}

describe('every route', () => {
  it('of the contract is there', () => {
    const found = operations.map(({ method, path }) => `${method} ${path.replace('/api/v1', '')}`);
    expect(found.sort()).toEqual([
      'DELETE /users/me',
      'DELETE /users/me/addresses/{id}',
      'DELETE /users/me/sessions/{id}',
      'GET /.well-known/jwks.json',
      'GET /internal/revocations',
      'GET /users',
      'GET /users/me',
      'GET /users/me/addresses',
      'GET /users/me/addresses/{id}',
      'GET /users/me/sessions',
      'GET /users/{id}',
      'PATCH /users/me',
      'PATCH /users/{id}',
      'POST /users',
      'POST /users/login',
      'POST /users/logout',
      'POST /users/me/addresses',
      'POST /users/password-reset',
      'POST /users/password-reset/confirm',
      'POST /users/refresh',
      'PUT /users/me/addresses/{id}',
      'PUT /users/me/password',
    ]);
  });

  it.each(named(operations))('%s refuses another method with 405 and says which there are', async (_, operation) => {
    const answer = await souk.call('OPTIONS', operation.path.replace('{id}', UNKNOWN_ID));
    expectProblem(answer, 'method-not-allowed', operation);
    expect(answer.headers.get('allow')).toContain(operation.method);
  });

  it.each(named(operations))('%s refuses an unknown query parameter', async (_, operation) => {
    const path = `${operation.path.replace('{id}', UNKNOWN_ID)}?surprise=1`;
    const body = operation.takesBody ? operation.example : undefined;
    const answer = await souk.call(operation.method, path, { token: tokenFor(operation), body });
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([422, '/surprise']);
  });

  it.each(named(operations))('%s answers 404 beside its path', async (_, operation) => {
    const { status } = await souk.call(operation.method, `${operation.path.replace('{id}', UNKNOWN_ID)}/x/y`);
    expect(status).toBe(404);
  });
});

describe('a route for users', () => {
  it.each(named(guarded))('%s refuses nobody, and a token that is none', async (_, operation) => {
    const anonymous = await call(operation);
    expectProblem(anonymous, 'unauthorized', operation);
    expect(anonymous.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expectProblem(await call(operation, { token: 'not.a.token' }), 'unauthorized', operation);
    expectProblem(await call(operation, { token: customer.tokens.refreshToken }), 'unauthorized', operation);
  });

  it.each(named(guarded.filter(isAdministration)))('%s is for administrators', async (_, operation) => {
    const answer = await call(operation, { token: customer.token, body: operation.takesBody ? {} : undefined });
    expectProblem(answer, 'forbidden', operation);
  });

  it.each(named(guarded.filter(({ path }) => path.includes('{id}'))))(
    '%s knows no stranger’s object',
    async (_, operation) => {
      const answer = await call(operation, { token: admin.token, body: operation.example });
      expectProblem(answer, 'not-found', operation);
    },
  );
});

describe('a route with a body', () => {
  const send = (operation: Operation, rawBody: string, contentType = 'application/json') =>
    call(operation, {
      token: tokenFor(operation),
      rawBody,
      headers: { 'content-type': contentType, 'if-match': '"1"' },
    });

  it.each(named(writing))('%s refuses what is no JSON', async (_, operation) => {
    for (const text of ['{', '{"a":1}x', '\ufeff{}', "{'a':1}", '{"a":NaN}', '// no', ' ']) {
      expectProblem(await send(operation, text), 'malformed', operation);
    }
  });

  it.each(named(writing))('%s refuses what is no object, and unknown fields', async (_, operation) => {
    for (const text of ['null', '[]', '"text"', '7', '{"__proto__":{"admin":true}}', '{"surprise":null}']) {
      expectProblem(await send(operation, text), 'validation', operation);
    }
  });

  it.each(named(writing))('%s refuses another media type, and too much', async (_, operation) => {
    expectProblem(await send(operation, '{}', 'text/plain'), 'unsupported-media', operation);
    expectProblem(await send(operation, `{"a":"${'x'.repeat(102_400)}"}`), 'too-large', operation);
  });

  it.each(named(writing.filter(({ needsMatch }) => needsMatch)))('%s needs If-Match', async (_, operation) => {
    const given = { token: admin.token, body: operation.example };
    expectProblem(await call(operation, given), 'precondition-required', operation);
    expectProblem(
      await call(operation, { ...given, headers: { 'if-match': '"99"' } }),
      'precondition-failed',
      operation,
    );
  });
});

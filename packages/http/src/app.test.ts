import { PROBLEMS, Refusal } from '@souk/contracts';
import { KeyValueUnavailableError } from '@souk/key-value';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { aHealth, anApp, SECRET, thingRoutes } from '../test/app.ts';
import { reply } from './reply.ts';
import { defineRoute } from './route.ts';
import { createServiceTokenSigner } from './service-token.ts';

const app = anApp(thingRoutes);
const JSON_TYPE = { 'content-type': 'application/json' };
const CUSTOMER = { authorization: 'Bearer customer' };
const ADMIN = { authorization: 'Bearer admin' };

function post(body: string | Uint8Array | undefined, headers: Record<string, string> = {}, path = '/api/v1/things') {
  const all = { ...CUSTOMER, ...JSON_TYPE, 'idempotency-key': 'k', ...headers };
  return app.request(path, { method: 'POST', headers: all, ...(body === undefined ? {} : { body }) });
}

/** Every problem has the same form, whatever it tells. */
async function problemOf(
  response: Response,
): Promise<{ slug: string; errors: { pointer: string }[]; body: Record<string, unknown> }> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
  const body = (await response.json()) as Record<string, unknown>;
  const slug = String(body.type).replace('/problems/', '') as keyof typeof PROBLEMS;
  expect(body).toMatchObject({ title: PROBLEMS[slug].title, status: response.status, detail: expect.any(String) });
  expect(body.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(body.instance).toMatch(/^\//);
  if (response.status === 401) expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
  return { slug, errors: (body.errors ?? []) as { pointer: string }[], body };
}

async function slugOf(response: Response | Promise<Response>): Promise<string> {
  return (await problemOf(await response)).slug;
}

async function pointersOf(response: Response | Promise<Response>): Promise<string[]> {
  const { slug, errors } = await problemOf(await response);
  expect(slug).toBe('validation');
  return errors.map((error) => error.pointer);
}

describe('precedence: what applies first answers', () => {
  test('from the parser to the state, one after the other', async () => {
    const tooLarge = 'x'.repeat(102_401);
    const bad = { 'idempotency-key': 'a b', 'content-type': 'text/plain' };
    const at = (path: string, headers: Record<string, string>, body: string, method = 'POST') =>
      slugOf(app.request(path, { method, headers, body }));
    expect(await at('/nope', { ...bad, 'content-length': '102401' }, tooLarge)).toBe('too-large');
    expect(await at('/nope', bad, '{')).toBe('not-found');
    expect(await at('/api/v1/things', bad, '{', 'PUT')).toBe('method-not-allowed');
    expect(await at('/api/v1/things', bad, '{')).toBe('unauthorized');
    expect(await at('/api/v1/things/missing', { ...bad, ...CUSTOMER }, '{', 'PATCH')).toBe('forbidden');
    expect(await at('/api/v1/things', { ...CUSTOMER, 'content-type': 'text/plain' }, '{')).toBe(
      'idempotency-key-missing',
    );
    expect(await at('/api/v1/things', { ...bad, ...CUSTOMER }, '{')).toBe('invalid-request');
    expect(await at('/api/v1/things', { ...bad, ...CUSTOMER, 'idempotency-key': 'k' }, '{')).toBe('unsupported-media');
    expect(await slugOf(post('{'))).toBe('malformed');
    expect(await slugOf(post('{}'))).toBe('validation');
    const patch = (path: string, body: string, headers: Record<string, string> = {}) =>
      slugOf(app.request(path, { method: 'PATCH', headers: { ...ADMIN, ...JSON_TYPE, ...headers }, body }));
    expect(await patch('/api/v1/things/UPPER', '{"x":1}')).toBe('validation');
    expect(await patch('/api/v1/things/UPPER', '{}')).toBe('not-found');
    expect(await patch('/api/v1/things/missing', '{}')).toBe('not-found');
    expect(await patch('/api/v1/things/taken', '{}')).toBe('precondition-required');
    expect(await patch('/api/v1/things/taken', '{}', { 'if-match': '*' })).toBe('precondition-required');
    for (const tag of ['"2"', 'W/"3"', '3', '""', 'x', '"3-1"']) {
      expect(await patch('/api/v1/things/taken', '{}', { 'if-match': tag })).toBe('precondition-failed');
    }
    expect(await patch('/api/v1/things/taken', '{}', { 'if-match': '"3"' })).toBe('conflict');
    expect(await patch('/api/v1/things/taken', '{}', { 'if-match': '"1", "3"' })).toBe('conflict');
  });

  test('a limit comes before authentication and after the route', async () => {
    const limited = anApp([
      defineRoute({
        method: 'GET',
        path: '/limited',
        access: 'user',
        operationId: 'limited',
        summary: '',
        tags: [],
        limits: [
          async (c) => {
            c.header('RateLimit', 'limit=1');
            throw new Refusal('rate-limited', 'Too many', { retryAfterSeconds: 7 });
          },
        ],
        responses: { 200: { description: '' } },
        problems: [],
        handler: () => reply.noContent(),
      }),
    ]);
    const response = await limited.request('/limited');
    expect(response.headers.get('retry-after')).toBe('7');
    expect(response.headers.get('ratelimit')).toBe('limit=1');
    expect(await slugOf(response)).toBe('rate-limited');
    expect(await slugOf(limited.request('/limited', { method: 'POST' }))).toBe('method-not-allowed');
  });
});

describe('routes', () => {
  test('a concrete path wins over a parameter, whatever the order of definition', async () => {
    const response = await app.request('/api/v1/things/mine', { headers: CUSTOMER });
    expect(await response.json()).toEqual({ mine: 'customer' });
    expect(await slugOf(app.request('/api/v1/things/mine', { method: 'PATCH', headers: ADMIN }))).toBe(
      'method-not-allowed',
    );
  });

  test('405 names what is allowed', async () => {
    const response = await app.request('/api/v1/things', { method: 'DELETE' });
    expect(response.headers.get('allow')).toBe('GET, HEAD, POST');
    expect(await slugOf(response)).toBe('method-not-allowed');
    const probe = await app.request('/health', { method: 'POST' });
    expect(probe.headers.get('allow')).toBe('GET, HEAD');
  });

  test('HEAD answers as GET without a body', async () => {
    const response = await app.request('/api/v1/things/abc', { method: 'HEAD' });
    expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([200, '"3"', '']);
    expect((await app.request('/nope', { method: 'HEAD' })).status).toBe(404);
  });

  test.each(['/api/v1/things/', '/api/v1//things', '/api/v1/things;x', '/api/v1/things/a/b', '/API/v1/things', '/'])(
    '%s is no route',
    async (path) => expect(await slugOf(app.request(path))).toBe('not-found'),
  );

  test.each(['/api/v1/things/..%2fx', '/api/v1/x%5cy', '/api/v1/things/%00', '/api/v1/%c0%af', '/api/v1/%zz'])(
    '%s hides something: 400',
    async (path) => expect(await slugOf(app.request(path))).toBe('malformed'),
  );

  test('a target of more than 8,192 characters is 414', async () => {
    expect(await slugOf(app.request(`/api/v1/things?q=${'x'.repeat(9000)}`))).toBe('uri-too-long');
  });

  test('an escaped letter is that letter', async () => {
    expect((await app.request('/api/v1/%74hings')).status).toBe(200);
  });

  test('method override headers change nothing', async () => {
    const response = await app.request('/api/v1/things', { headers: { 'x-http-method-override': 'POST' } });
    expect(response.status).toBe(200);
  });
});

describe('credentials', () => {
  test.each([
    ['Basic', 'Basic Y3VzdG9tZXI6'],
    ['no token', 'Bearer'],
    ['an unknown token', 'Bearer nobody'],
    ['two tokens', 'Bearer customer customer'],
    ['two headers joined', 'Bearer customer, Bearer admin'],
    ['characters that no token has', 'Bearer cust"omer'],
    ['a very long one', `Bearer ${'a'.repeat(5000)}`],
  ])('%s is 401', async (_name, authorization) => {
    expect(await slugOf(app.request('/api/v1/things/mine', { headers: { authorization } }))).toBe('unauthorized');
  });

  test('a token in the query or a cookie is none', async () => {
    const headers = { cookie: 'access_token=customer; authorization=Bearer customer' };
    expect(await slugOf(app.request('/api/v1/things/mine?access_token=customer', { headers }))).toBe('unauthorized');
  });

  test('the scheme is matched without regard to case, and answers to a token are not stored', async () => {
    const response = await app.request('/api/v1/things/mine', { headers: { authorization: 'bearer customer' } });
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
  });

  test('routes open to anyone ignore Authorization', async () => {
    expect((await app.request('/api/v1/things', { headers: { authorization: 'Bearer nonsense' } })).status).toBe(200);
  });

  test('an internal route wants a service token for this service, and nobody else', async () => {
    const sign = createServiceTokenSigner({ secret: SECRET, issuer: 'order-service' });
    const at = (token: string) => app.request('/internal/things', { headers: { authorization: `Bearer ${token}` } });
    expect(await (await at(await sign('thing-service'))).json()).toEqual({ caller: 'order-service' });
    expect(await slugOf(at(await sign('other-service')))).toBe('unauthorized');
    expect(await slugOf(at('customer'))).toBe('unauthorized');
    expect(await slugOf(app.request('/internal/things'))).toBe('unauthorized');
    expect(
      await slugOf(
        app.request('/api/v1/things/mine', { headers: { authorization: `Bearer ${await sign('thing-service')}` } }),
      ),
    ).toBe('unauthorized');
  });
});

describe('bodies', () => {
  test('are parsed and handed on', async () => {
    const response = await post('{"name":"a","sizes":[1,2]}', { 'content-type': 'Application/JSON; charset="UTF-8"' });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe('/api/v1/things/a');
    expect(await response.json()).toEqual({ body: { name: 'a', sizes: [1, 2] }, key: 'k' });
  });

  test.each([
    ['empty', ''],
    ['cut off', '{"name":'],
    ['trailing garbage', '{"name":"a"}x'],
    ['a byte order mark', '\ufeff{"name":"a"}'],
    ['NaN', '{"name":NaN}'],
    ['a comment', '{"name":"a"/* */}'],
    ['single quotes', "{'name':'a'}"],
    ['a trailing comma', '{"name":"a",}'],
    ['a raw newline in a text', '{"name":"a\nb"}'],
    ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['overlong UTF-8', new Uint8Array([0x22, 0xc0, 0xaf, 0x22])],
    ['UTF-16', new Uint8Array([0xfe, 0xff, 0x00, 0x7b, 0x00, 0x7d])],
  ])('%s is malformed', async (_name, body) => expect(await slugOf(post(body))).toBe('malformed'));

  test.each(['null', '[]', '"text"', '1', 'true'])('%s at the top is 422', async (body) => {
    expect(await pointersOf(post(body))).toEqual(['']);
  });

  test.each([
    ['an unknown field', '{"name":"a","role":"admin"}', ['/role']],
    ['an unknown field that is null', '{"name":"a","role":null}', ['/role']],
    ['__proto__', '{"name":"a","__proto__":{"admin":true}}', ['/__proto__']],
    ['__proto__ in escapes, nested', '{"name":"a","more":[{"\\u005f_proto__":1}]}', ['/more/0/__proto__']],
    ['constructor', '{"name":"a","constructor":{"prototype":{}}}', ['/constructor']],
    ['toString', '{"name":"a","toString":1}', ['/toString']],
    ['a pointer with ~ and /', '{"name":"a","a/b~c":1}', ['/a~1b~0c']],
    ['several', '{"x":1,"sizes":["1",1.5,true]}', ['/name', '/sizes/0', '/sizes/1', '/sizes/2', '/x']],
    ['numbers beyond an integer', '{"name":"a","sizes":[9007199254740993,1e308,1e999,-0]}', ['/sizes/3']],
    [
      'numbers beyond an integer, without -0',
      '{"name":"a","sizes":[9007199254740993,1e308,1e999,1e-7]}',
      ['/sizes/0', '/sizes/1', '/sizes/2', '/sizes/3'],
    ],
  ])('%s is 422 at its pointer', async (_name, body, pointers) => {
    expect((await pointersOf(post(body))).toSorted()).toEqual(pointers);
    expect(Object.prototype).not.toHaveProperty('admin');
  });

  test.each([
    ['1.00000000000000000001', false],
    ['1e-400', false],
    ['9007199254740993', false],
    ['123456789012345678901234567890', false],
    ['1e400', false],
    ['0.30000000000000004', true],
    ['1.50', true],
    ['1E2', true],
    ['100e-2', true],
    ['0.0', true],
    ['9007199254740991', true],
    ['12345678901234567000', true],
  ])('the number %s is kept as it is or refused', async (number, isKept) => {
    const response = await post(`{"name":"1.5e9 \\" ","more":{"b":[1,${number}],"c":2}}`);
    if (isKept) expect(response.status).toBe(201);
    else expect(await pointersOf(response)).toEqual(['/more/b/1']);
  });

  test('depth and arrays have limits', async () => {
    const nested = (depth: number) => `{"name":"a","more":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect((await post(nested(32))).status).toBe(201);
    expect(await slugOf(post(nested(33)))).toBe('validation');
    expect(await slugOf(post(`{"name":"a","more":${'{"a":'.repeat(5000)}1${'}'.repeat(5001)}`))).toBe('validation');
    const list = (length: number) => `{"name":"a","more":[${Array.from({ length }, () => '1').join()}]}`;
    expect((await post(list(1000))).status).toBe(201);
    expect(await pointersOf(post(list(1001)))).toEqual(['/more']);
  });

  test('of duplicate keys the last counts', async () => {
    expect(await (await post('{"name":1,"name":"b"}')).json()).toMatchObject({ body: { name: 'b' } });
  });

  test('100 KB is the limit', async () => {
    const padded = (bytes: number) => `{"name":"a"}${' '.repeat(bytes - 12)}`;
    expect((await post(padded(102_400))).status).toBe(201);
    expect(await slugOf(post(padded(102_401)))).toBe('too-large');
  });

  test.each([
    ['no type', { 'content-type': '' }],
    ['text', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON by another name', { 'content-type': 'application/jsonx' }],
    ['another charset', { 'content-type': 'application/json; charset=latin1' }],
    ['gzip', { 'content-encoding': 'gzip' }],
    ['an unknown encoding', { 'content-encoding': 'x' }],
  ])('%s is 415', async (_name, headers) =>
    expect(await slugOf(post('{"name":"a"}', headers as never))).toBe('unsupported-media'),
  );

  test('no body is {} where every field is optional, and only there', async () => {
    const patch = (init: RequestInit) =>
      app.request('/api/v1/things/a', {
        method: 'PATCH',
        ...init,
        headers: { ...ADMIN, 'if-match': '"3"', ...init.headers },
      });
    expect((await patch({})).status).toBe(200);
    expect((await patch({ headers: JSON_TYPE, body: '' })).status).toBe(200);
    expect((await patch({ headers: JSON_TYPE, body: '{"name":null}' })).status).toBe(200);
    expect(await slugOf(post(undefined))).toBe('malformed');
    const deliver = (body?: string) =>
      app.request('/api/v1/things/a/deliver', {
        method: 'POST',
        headers: { ...ADMIN, ...(body ? JSON_TYPE : {}) },
        body: body ?? null,
      });
    expect((await deliver()).status).toBe(204);
    expect((await deliver('{}')).status).toBe(204);
    expect(await pointersOf(deliver('{"a":null}'))).toEqual(['/a']);
  });

  test('a raw body is handed on as its bytes, of any type', async () => {
    const response = await app.request('/api/v1/hooks', { method: 'POST', body: new Uint8Array([0, 255]) });
    expect(await response.json()).toEqual({ bytes: '00ff' });
    const init = { method: 'POST', body: 'x', headers: { 'content-encoding': 'gzip' } };
    expect(await slugOf(app.request('/api/v1/hooks', init))).toBe('unsupported-media');
  });
});

describe('queries', () => {
  test.each([
    ['unknown', '?x=1', ['/x']],
    ['unknown on a route that takes none', '/abc?x=', ['/x']],
    ['twice', '?q=a&q=b', ['/q']],
    ['twice, once escaped', '?q=a&%71=b', ['/q']],
    ['__proto__', '?__proto__=1', ['/__proto__']],
    ['brackets', '?q[$gt]=1', ['/q[$gt]']],
    ['another value than the one there is', '?inStock=false', ['/inStock']],
    ['too long', `?q=${'x'.repeat(21)}`, ['/q']],
  ])('a parameter that is %s is 422', async (_name, query, pointers) => {
    expect(await pointersOf(app.request(`/api/v1/things${query}`))).toEqual(pointers);
  });

  test('what is right is handed on decoded', async () => {
    const response = await app.request('/api/v1/things?q=a+%C3%BC%26&inStock=true');
    expect(await response.json()).toEqual({ query: { q: 'a ü&', inStock: 'true' } });
  });
});

describe('headers', () => {
  test.each(['abc', 'A.b_c-9', 'x'.repeat(128)])('the request id %s is kept', async (id) => {
    expect((await app.request('/health', { headers: { 'x-request-id': id } })).headers.get('x-request-id')).toBe(id);
  });

  test.each(['', 'a b', 'x'.repeat(129), 'ü', 'a"b', '<script>'])('the request id %j is replaced', async (id) => {
    const response = await app.request('/nope', { headers: { 'x-request-id': id } });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("a problem carries the caller's trace, or a new one where that is not valid", async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const at = async (traceparent: string) =>
      (await problemOf(await app.request('/nope', { headers: { traceparent } }))).body.traceId;
    expect(await at(`00-${traceId}-b7ad6b7169203331-01`)).toBe(traceId);
    for (const wrong of [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `ff-${traceId}-b7ad6b7169203331-01`, 'x']) {
      expect(await at(wrong)).not.toBe(traceId);
    }
  });

  test.each([
    ['"3"', 304],
    ['W/"3"', 304],
    ['"1", W/"3"', 304],
    ['*', 304],
    ['"2"', 200],
    ['3', 200],
  ])('If-None-Match %s is %i', async (tag, status) => {
    const response = await app.request('/api/v1/things/abc', { headers: { 'if-none-match': tag } });
    expect([response.status, response.headers.get('etag')]).toEqual([status, '"3"']);
    expect((await response.text()) === '').toBe(status === 304);
  });

  test.each([
    ['', 'invalid-request'],
    ['""', 'invalid-request'],
    ['a b', 'invalid-request'],
    ['k, k', 'invalid-request'],
    ['x'.repeat(256), 'invalid-request'],
    ['k\u00e9', 'invalid-request'],
  ])('the Idempotency-Key %j is %s', async (key, slug) => {
    expect(await slugOf(post('{"name":"a"}', { 'idempotency-key': key }))).toBe(slug);
  });

  test('quoted and bare are one key', async () => {
    for (const [key, canonical] of [
      ['"abc"', 'abc'],
      ['abc', 'abc'],
      ['x'.repeat(255), 'x'.repeat(255)],
      ['"', '"'],
    ] as const) {
      expect(await (await post('{"name":"a"}', { 'idempotency-key': key })).json()).toMatchObject({ key: canonical });
    }
  });
});

describe('failures', () => {
  const failing = (error: unknown) =>
    anApp([
      defineRoute({
        method: 'GET',
        path: '/fail',
        access: 'anyone',
        operationId: 'fail',
        summary: '',
        tags: [],
        responses: { 200: { description: '' } },
        problems: [],
        handler: () => {
          throw error;
        },
      }),
    ]).request('/fail');

  test('an unknown error is a 500 that tells nothing', async () => {
    const response = await failing(new TypeError('secret-host:5432 password=x at /srv/app/main.js'));
    const { slug, body } = await problemOf(response);
    expect(slug).toBe('internal');
    expect(JSON.stringify(body)).not.toMatch(/secret|password|srv|TypeError/);
  });

  test('a dependency that does not answer is a 503 with Retry-After', async () => {
    const refused = Object.assign(new TypeError('connect'), { code: 'ECONNREFUSED' });
    const deadlock = Object.assign(new TypeError('deadlock'), { code: '40P01' });
    for (const error of [new KeyValueUnavailableError('get'), refused, deadlock]) {
      const response = await failing(error);
      expect(response.headers.get('retry-after')).toBe('1');
      expect(await slugOf(response)).toBe('unavailable');
    }
  });

  test('a refusal keeps its errors and its time', async () => {
    const errors = [{ pointer: '/items/0', detail: 'short' }];
    const response = await failing(new Refusal('out-of-stock', 'Too little', { errors, retryAfterSeconds: 2.5 }));
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await problemOf(response)).toMatchObject({ slug: 'out-of-stock', errors });
  });

  test('more requests at once than the limit are refused at once', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const options = {
      tags: [],
      summary: '',
      problems: [],
      responses: { 200: { description: '' } },
      access: 'anyone',
    } as const;
    const busy = anApp(
      [
        defineRoute({
          ...options,
          method: 'GET',
          path: '/slow',
          operationId: 'slow',
          handler: async () => {
            await gate;
            return reply.noContent();
          },
        }),
        defineRoute({
          ...options,
          method: 'GET',
          path: '/poll',
          operationId: 'poll',
          longLived: true,
          handler: () => reply.noContent(),
        }),
      ],
      { inFlightMax: 2 },
    );
    const slow = [busy.request('/slow'), busy.request('/slow')];
    expect(await slugOf(busy.request('/slow'))).toBe('unavailable');
    expect((await busy.request('/poll')).status).toBe(204);
    expect((await busy.request('/health')).status).toBe(200);
    open();
    for (const response of slow) expect((await response).status).toBe(204);
    expect((await busy.request('/slow')).status).toBe(204);
  });

  test('nobody new queues where the first has waited for long, but what another service has let in', async () => {
    let delayMs = 500;
    const options = {
      tags: [],
      summary: '',
      problems: [],
      responses: { 204: { description: '' } },
      method: 'GET',
    } as const;
    const handler = () => reply.noContent();
    const busy = anApp(
      [
        defineRoute({ ...options, access: 'anyone', path: '/new', operationId: 'new', handler }),
        defineRoute({ ...options, access: 'anyone', path: '/poll', operationId: 'poll', longLived: true, handler }),
        defineRoute({ ...options, access: 'service', path: '/internal/part', operationId: 'part', handler }),
      ],
      { queueDelayMs: () => delayMs },
    );
    expect((await busy.request('/new')).status).toBe(204);
    delayMs = 501;
    const refused = await busy.request('/new');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await slugOf(refused)).toBe('unavailable');
    for (const path of ['/poll', '/livez', '/health']) expect((await busy.request(path)).ok).toBe(true);
    const authorization = `Bearer ${await createServiceTokenSigner({ secret: SECRET, issuer: 'order-service' })('thing-service')}`;
    expect((await busy.request('/internal/part', { headers: { authorization } })).status).toBe(204);
    delayMs = 0;
    expect((await busy.request('/new')).status).toBe(204);
  });
});

describe('probes', () => {
  test('tell health, life, readiness and metrics', async () => {
    expect(await (await app.request('/health')).json()).toEqual({ status: 'ok' });
    expect((await app.request('/livez')).status).toBe(200);
    expect((await app.request('/readyz')).status).toBe(200);
    await app.request('/api/v1/things/abc');
    const metrics = await app.request('/metrics');
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(await metrics.text()).toContain('http_route="/api/v1/things/{id}",http_response_status_code="200"');
  });

  test('a service that is not ready names the checks that fail', async () => {
    const readiness = async () => ({ ready: false, checks: { database: 'ok', identity: 'no answer yet' } });
    const sick = anApp([], { context: contextOf(aHealth({ readiness, live: () => false })) });
    const response = await sick.request('/readyz');
    const { slug, body } = await problemOf(response);
    expect([slug, response.status]).toEqual(['unavailable', 503]);
    expect(body.checks).toEqual({ database: 'ok', identity: 'no answer yet' });
    expect(body.detail).toBe('Not ready: identity');
    expect((await sick.request('/livez')).status).toBe(503);
  });

  test('while it drains every answer asks for another connection', async () => {
    const draining = anApp(thingRoutes, { context: contextOf(aHealth({ draining: true })) });
    expect((await draining.request('/api/v1/things')).headers.get('connection')).toBe('close');
  });
});

function contextOf(health: ReturnType<typeof aHealth>) {
  const metrics = { histogram: () => ({ labels: () => ({ observe() {} }) }) } as never;
  const logger = { info() {}, warn() {}, error() {}, debug() {}, isLevelEnabled: () => false } as never;
  return { health, metrics, logger, clock: { now: () => new Date() } };
}

test('the document describes every route, with problems, security and no dangling reference', async () => {
  const response = await app.request('/openapi.json');
  const document = (await response.json()) as ReturnType<typeof app.openApiDocument>;
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths)).toHaveLength(6);
  const make = document.paths['/api/v1/things']?.post as { security: unknown; responses: object };
  expect(make.security).toEqual([{ accessToken: [] }]);
  expect(Object.keys(make.responses)).toEqual(
    expect.arrayContaining(['200', '400', '401', '409', '413', '415', '422', '429', '500', '503']),
  );
  expect(document.paths['/api/v1/things']?.get).toMatchObject({ security: [] });
  const text = JSON.stringify(document);
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    expect(document.components.schemas).toHaveProperty(name);
  }
});

test('an object that lets unknown fields through is refused when the document is made', () => {
  const loose = anApp([
    defineRoute({
      method: 'POST',
      path: '/loose',
      access: 'anyone',
      operationId: 'loose',
      summary: '',
      tags: [],
      body: z.strictObject({ inner: z.object({ a: z.string() }) }),
      responses: { 200: { description: '' } },
      problems: [],
      handler: () => reply.noContent(),
    }),
  ]);
  expect(() => loose.openApiDocument()).toThrow('POST /loose: expected z.strictObject');
});

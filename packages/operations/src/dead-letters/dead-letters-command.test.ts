import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { runDeadLetters } from './dead-letters-command.ts';

const LETTER = {
  id: '0198d000-0000-7000-8000-000000000001',
  messageId: '0198d000-0000-7000-8000-000000000002',
  type: 'order.completed',
  orderId: null,
  reason: 'unknown version\u001b[31m',
  attempts: 5,
  deadLetteredAt: '2026-11-22T12:00:00.000Z',
};
const MESSAGE = { contentType: 'text/plain', headers: { 'x-attempt': 5 }, encoding: 'utf8', body: '{"a":1}' };
const ORDERS = '/api/v1/operations/order-service/dead-letters';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

type Answers = Record<string, [status: number, body?: unknown]>;

const refused = (status: number, slug: string): [number, unknown] => [
  status,
  { type: `/problems/${slug}`, title: slug, status, detail: `It is ${slug}`, instance: '/x', traceId: 'abc' },
];

/** A gateway with these answers, and what it was asked. */
async function aGateway(answers: Answers): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const login = { tokenType: 'Bearer', accessToken: 'good', expiresIn: 600, refreshToken: 'r' };
  const all: Answers = { 'POST /api/v1/users/login': [200, login], 'POST /api/v1/users/logout': [204], ...answers };
  server = createServer((request, response) => {
    const key = `${request.method} ${request.url?.split('?')[0]}`;
    asked.push(key);
    const isLogin = key.includes('/users/log');
    const isIn = isLogin || request.headers.authorization === 'Bearer good';
    const [status, body] = isIn ? (all[key] ?? refused(404, 'not-found')) : refused(401, 'unauthorized');
    const type = status < 400 ? 'application/json' : 'application/problem+json';
    request.resume().on('end', () => response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body)));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', () => resolve()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const page = (...items: unknown[]): [number, unknown] => [200, { items, nextCursor: null, total: items.length }];

async function run(url: string, args: string[], env: Record<string, string> = {}) {
  const lines: { out: string[]; err: string[] } = { out: [], err: [] };
  const code = await runDeadLetters(args, {
    env: { SOUK_URL: url, SOUK_TOKEN: 'good', ...env },
    out: (text) => void lines.out.push(text),
    err: (text) => void lines.err.push(text),
  });
  return { code, out: lines.out.join('\n'), err: lines.err.join('\n') };
}

describe('npm run dead-letters', () => {
  test('lists what waits as a table that a message cannot repaint', async () => {
    const { url } = await aGateway({ [`GET ${ORDERS}`]: page(LETTER) });
    const { code, out } = await run(url, ['list', 'order-service']);
    expect(code).toBe(0);
    const [head, row] = out.split('\n');
    expect(head).toMatch(/^SERVICE +ID +DEAD-LETTERED +TYPE +ORDER +ATTEMPTS +REASON$/);
    expect(row).toMatch(
      /^order-service +0198d000\S+ +2026-11-22T12:00:00.000Z +order.completed +- +5 +unknown version \[31m$/,
    );
  });

  test('lists all services when none is named, also as JSON', async () => {
    const paths = ['order', 'product', 'payment', 'notification'].map(
      (name) => `GET /api/v1/operations/${name}-service/dead-letters`,
    );
    const { url } = await aGateway(
      Object.fromEntries(paths.map((path, index) => [path, index === 2 ? page(LETTER) : page()])),
    );
    const { code, out } = await run(url, ['list', '--json']);
    expect([code, JSON.parse(out)]).toEqual([0, [{ service: 'payment-service', ...LETTER }]]);
  });

  test('says so when nothing waits', async () => {
    const { url } = await aGateway({ [`GET ${ORDERS}`]: page() });
    expect(await run(url, ['list', 'order-service'])).toEqual({ code: 0, out: 'No dead letters', err: '' });
  });

  test.each([
    ['JSON, indented', MESSAGE, '{\n  "a": 1\n}'],
    ['text, without control characters', { ...MESSAGE, body: 'a\u001bb\nc' }, 'a b\nc'],
    ['bytes, as base64', { ...MESSAGE, encoding: 'base64', body: '/w==' }, '(base64) /w=='],
  ])('shows a message whose body is %s', async (_what, message, text) => {
    const { url } = await aGateway({ [`GET ${ORDERS}/${LETTER.id}`]: [200, { ...LETTER, message }] });
    const { code, out } = await run(url, ['show', 'order-service', LETTER.id]);
    expect(code).toBe(0);
    expect(out).toContain('header x-attempt  5');
    expect(out.endsWith(`\n\n${text}`)).toBe(true);
    const json = await run(url, ['show', 'order-service', LETTER.id, '--json']);
    expect(JSON.parse(json.out)).toEqual({ ...LETTER, message });
  });

  test('redrives one, or all', async () => {
    const { url } = await aGateway({
      [`POST ${ORDERS}/${LETTER.id}/redrive`]: [202, { redriven: 1 }],
      [`POST ${ORDERS}/redrive`]: [202, { redriven: 7 }],
    });
    expect(await run(url, ['redrive', 'order-service', LETTER.id])).toMatchObject({ code: 0, out: '1 redriven' });
    expect(await run(url, ['redrive', 'order-service', '--all', '--json'])).toMatchObject({
      code: 0,
      out: '{"redriven":7}',
    });
  });

  test('drops one, or all that are still there', async () => {
    const { url } = await aGateway({
      [`GET ${ORDERS}`]: page(LETTER, { ...LETTER, id: 'gone' }),
      [`DELETE ${ORDERS}/${LETTER.id}`]: [204],
    });
    expect(await run(url, ['drop', 'order-service', LETTER.id])).toMatchObject({ code: 0, out: '1 dropped' });
    expect(await run(url, ['drop', 'order-service', '--all'])).toMatchObject({ code: 0, out: '1 dropped' });
  });

  test('logs in with the administrator of the environment, and out again', async () => {
    const { url, asked } = await aGateway({ [`GET ${ORDERS}`]: page() });
    const env = { SOUK_ADMIN_EMAIL: 'a@example.test', SOUK_ADMIN_PASSWORD: 'secret' };
    const lines: string[] = [];
    const terminal = { env, out: (text: string) => void lines.push(text), err: () => {} };
    expect(await runDeadLetters(['list', 'order-service', '--url', url], terminal)).toBe(0);
    expect(asked).toEqual(['POST /api/v1/users/login', `GET ${ORDERS}`, 'POST /api/v1/users/logout']);
  });

  test.each<[string, Answers, string[], string]>([
    ['it is gone', {}, ['show', 'order-service', 'x'], 'It is not-found (not-found'],
    [
      'the caller is no administrator',
      { [`GET ${ORDERS}`]: refused(403, 'forbidden') },
      ['list', 'order-service'],
      'for administrators',
    ],
    ['the token is not valid', {}, ['list', 'order-service', '--token', 'bad'], 'access token is not valid'],
    ['nobody answers', {}, ['list', 'order-service', '--url', 'http://127.0.0.1:1'], 'No answer'],
  ])('ends with 1 and a sentence when %s', async (_story, answers, args, message) => {
    const { url } = await aGateway(answers);
    const { code, err } = await run(url, args);
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  test('ends with 1 when the password is wrong', async () => {
    const { url } = await aGateway({ 'POST /api/v1/users/login': refused(401, 'invalid-credentials') });
    const lines: string[] = [];
    const env = { SOUK_ADMIN_EMAIL: 'a@example.test', SOUK_ADMIN_PASSWORD: 'wrong' };
    const terminal = { env, out: () => {}, err: (text: string) => void lines.push(text) };
    expect(await runDeadLetters(['list', '--url', url], terminal)).toBe(1);
    expect(lines).toEqual(['Refused: SOUK_ADMIN_EMAIL or SOUK_ADMIN_PASSWORD is wrong']);
  });

  test.each<[string[], RegExp]>([
    [[], /Expected a command, found none/],
    [['burn'], /Expected a command, found burn/],
    [['show', 'user-service', 'x'], /Expected a service, found user-service/],
    [['redrive', 'order-service'], /redrive needs an id, or --all/],
    [['drop', 'order-service'], /drop needs an id, or --all/],
    [['drop', 'order-service', 'x', '--all'], /--all stands for an id/],
    [['show', 'order-service'], /show needs an id/],
    [['show', 'order-service', '--all'], /--all stands for an id/],
    [['list', '--all'], /list shows all/],
    [['list', 'order-service', 'x'], /Not understood: x/],
    [['list', '--fast'], /--fast/],
  ])('ends with 2 and asks nobody for %j', async (args, message) => {
    const { url, asked } = await aGateway({});
    const { code, err } = await run(url, args);
    expect([code, asked]).toEqual([2, []]);
    expect(err).toMatch(message);
  });

  test('ends with 2 when nobody says who asks', async () => {
    const lines: string[] = [];
    const terminal = { env: {}, out: () => {}, err: (text: string) => void lines.push(text) };
    expect(await runDeadLetters(['list'], terminal)).toBe(2);
    expect(lines.join()).toMatch(/^Who asks\?/);
  });

  test('explains itself', async () => {
    const { code, out } = await run('http://127.0.0.1:1', ['--help']);
    expect([code, out.split('\n')[0]]).toEqual([0, 'Usage: npm run dead-letters -- <command> [options]']);
  });
});

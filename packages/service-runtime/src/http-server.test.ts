import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningNodeServer, startNodeServer } from './http-server.ts';

let server: RunningNodeServer;
let hold: Promise<void> = Promise.resolve();
let received = 0;

beforeEach(async () => {
  hold = Promise.resolve();
  received = 0;
  server = await startNodeServer({
    port: 0,
    host: '127.0.0.1',
    listener: (request, response) => {
      received += 1;
      void hold.then(() => response.end(`${request.method} ${request.url}`));
    },
  });
});
afterEach(() => server.close(0));

/** Writes bytes and reads until the server closes or answers. */
function exchange(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (answer.includes('\r\n\r\n')) socket.end();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

const statusOf = async (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(await exchange(text))?.[1]);

describe('the HTTP server', () => {
  it('hands requests to its listener', async () => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/path?x=1`);
    expect(await answer.text()).toBe('GET /path?x=1');
  });

  it.each([
    ['two Host headers', 'GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n', 400],
    ['no Host header', 'GET / HTTP/1.1\r\n\r\n', 400],
    [
      'Content-Length beside Transfer-Encoding',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['a version that does not exist', 'GET / HTTP/9.9\r\nHost: a\r\n\r\n', 400],
    ['a method in lower case', 'get / HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['a made-up method', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['headers over 16 KB', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
  ])('refuses %s', async (_what, text, status) => {
    expect(await statusOf(text)).toBe(status);
  });

  it('answers what the parser refuses with a problem, too', async () => {
    const answer = await exchange('BREW / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(answer).toContain('Allow: GET');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
      type: '/problems/method-not-allowed',
      status: 405,
    });
    const large = await exchange(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`);
    expect(JSON.parse(large.slice(large.indexOf('\r\n\r\n')))).toMatchObject({ type: '/problems/header-too-large' });
  });

  it('rejects when its port is taken', async () => {
    await expect(startNodeServer({ port: server.port, host: '127.0.0.1', listener: () => {} })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('tells clients to go elsewhere while it drains, and finishes what runs before it closes', async () => {
    let release = () => {};
    hold = new Promise((resolve) => {
      release = resolve;
    });
    const slow = fetch(`http://127.0.0.1:${server.port}/slow`);
    await expect.poll(() => received).toBe(1);
    server.drain();
    hold = Promise.resolve();
    const during = await fetch(`http://127.0.0.1:${server.port}/`);
    expect(during.headers.get('connection')).toBe('close');
    const startedAt = performance.now();
    const closed = server.close(30_000);
    release();
    await closed;
    // The client would have kept its connection for the whole grace.
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(await (await slow).text()).toBe('GET /slow');
    await expect(fetch(`http://127.0.0.1:${server.port}/`)).rejects.toThrow();
  });

  it('cuts what is left when the grace is over', async () => {
    const half = connect(server.port, '127.0.0.1', () =>
      half.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhal'),
    );
    half.on('error', () => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedAt = performance.now();
    await server.close(100);
    // Node itself would wait for half a request for 15 s.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

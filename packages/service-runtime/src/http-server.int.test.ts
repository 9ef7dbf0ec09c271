import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { type RunningNodeServer, startNodeServer } from './http-server.ts';

async function listening(use: (server: RunningNodeServer) => Promise<void>): Promise<void> {
  const server = await startNodeServer({
    port: 0,
    host: '127.0.0.1',
    listener: (_request, response) => response.end(),
  });
  try {
    await use(server);
  } finally {
    await server.close(0);
  }
}

/** A client that sends bytes and does not close when the server does. */
async function stubborn({ port }: RunningNodeServer, bytes: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

it('gives a client ten seconds for its header fields, and then says so', async () => {
  const server = await startNodeServer({
    port: 0,
    host: '127.0.0.1',
    listener: (_request, response) => response.end(),
  });
  try {
    const startedAt = performance.now();
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(server.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: '));
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(performance.now() - startedAt).toBeGreaterThan(9_000);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
      type: '/problems/request-timeout',
      status: 408,
    });
  } finally {
    await server.close(0);
  }
}, 40_000);

it('outlives clients that ask for a tunnel and reset the connection', () =>
  listening(async (server) => {
    for (let round = 0; round < 20; round += 1) {
      const socket = await stubborn(server, `CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n${'x'.repeat(70_000)}`);
      if (round % 2 === 0) await once(socket, 'data');
      const closed = once(socket, 'close');
      socket.resetAndDestroy();
      await closed;
    }
    // An error that nobody catches would fail the run.
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(200);
  }));

it.each([
  ['asks for a tunnel', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
  ['speaks nonsense', 'GET / HTTP/1.1\r\nno colon\r\n\r\n', 400],
  ['never ends its body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf', 200],
])(
  'lets go of a client that %s, and does not close',
  (_what, bytes, status) =>
    listening(async (server) => {
      const socket = await stubborn(server, bytes);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      const connections = () =>
        new Promise((resolve) => server.server.getConnections((_error, count) => resolve(count)));
      await expect.poll(connections, { timeout: 40_000, interval: 200 }).toBe(0);
      socket.destroy();
    }),
  60_000,
);

import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { startNodeServer } from './http-server.ts';

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

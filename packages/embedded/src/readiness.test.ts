import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_PORTS, type Ports } from './layout.ts';
import { waitUntilReady } from './readiness.ts';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** One server for all services; it says what `answer` says. */
async function ports(answer: () => { status: number; text: string }): Promise<Ports> {
  const server = createServer((_request, response) => {
    const { status, text } = answer();
    response.writeHead(status, { connection: 'close' }).end(text);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  return Object.fromEntries(Object.keys(DEFAULT_PORTS).map((name) => [name, port])) as unknown as Ports;
}

describe('waiting for the services', () => {
  it('ends when the last of them is ready', async () => {
    let asked = 0;
    const late = await ports(() => {
      asked += 1;
      return asked > 10 ? { status: 200, text: '{}' } : { status: 503, text: 'not yet' };
    });
    await waitUntilReady(late);
    expect(asked).toBeGreaterThan(10);
  });

  it('says after its time who is not ready, and why', async () => {
    const never = await ports(() => ({ status: 503, text: '{"ready":false,"checks":{"schema":"too old"}}' }));
    await expect(waitUntilReady(never, 100)).rejects.toThrow(/^\S+ did not become ready: .*too old/);
  });

  it('says that nobody answers', async () => {
    const gone = await ports(() => ({ status: 200, text: '' }));
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
    await expect(waitUntilReady(gone, 0)).rejects.toThrow(/did not become ready: /);
  });
});

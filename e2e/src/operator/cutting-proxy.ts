import { createConnection, createServer, type Socket } from 'node:net';

/** Hands bytes on to a port of this machine, until they are cut. */
export interface CuttingProxy {
  port: number;
  /** Resets every connection; answers how many there were. New ones are taken. */
  cut(): number;
  close(): void;
}

export async function createCuttingProxy(target: number): Promise<CuttingProxy> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(target, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    open.add(client);
    const end = () => {
      open.delete(client);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut() {
      const cut = [...open];
      for (const client of cut) client.resetAndDestroy();
      return cut.length;
    },
    close() {
      server.close();
      for (const client of open) client.destroy();
    },
  };
}

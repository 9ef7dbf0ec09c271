import { createServer } from 'node:net';

function listen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const taken = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => resolve(taken));
    });
  });
}

/** A TCP port of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const port = await listen(0);
  // The kernel hands out ports until it has none left, and then nothing else on the machine works either.
  return port ?? freePort();
}

/** Whether nobody listens on `port` of 127.0.0.1. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await listen(port)) !== undefined;
}

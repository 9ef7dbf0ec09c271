import { connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a server, and fails on command. */
export interface TcpProxy {
  port: number;
  /** Resets every open connection. */
  cut(): void;
  /** Lets nothing pass in either direction, without closing anything: a stopped process or a black hole. */
  stall(stalled: boolean): void;
  /** Resets each new connection after so many bytes from the server; undefined: never. */
  cutAfterBytes(bytes: number | undefined): void;
  /** Writes to every client as if the server had sent it. */
  inject(bytes: Buffer): void;
  connectionCount(): number;
  close(): Promise<void>;
}

interface Pair {
  client: Socket;
  server: Socket;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let stalled = false;
  let cutAfter: number | undefined;

  const end = (pair: Pair) => {
    pairs.delete(pair);
    pair.client.resetAndDestroy();
    pair.server.resetAndDestroy();
  };

  const listener = createServer((client) => {
    const pair = { client, server: connect(target) };
    const limit = cutAfter;
    let received = 0;
    pairs.add(pair);
    for (const socket of [pair.client, pair.server]) {
      socket.on('error', () => end(pair));
      socket.on('close', () => end(pair));
    }
    pair.client.on('data', (bytes) => pair.server.write(bytes));
    pair.server.on('data', (bytes) => {
      pair.client.write(bytes);
      received += bytes.length;
      if (limit !== undefined && received > limit) end(pair);
    });
    if (stalled) pause(pair, true);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();

  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut() {
      for (const pair of pairs) end(pair);
    },
    stall(isStalled) {
      stalled = isStalled;
      for (const pair of pairs) pause(pair, isStalled);
    },
    cutAfterBytes(bytes) {
      cutAfter = bytes;
    },
    inject(bytes) {
      for (const { client } of pairs) client.write(bytes);
    },
    connectionCount: () => pairs.size,
    close() {
      for (const pair of pairs) end(pair);
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}

function pause({ client, server }: Pair, stalled: boolean): void {
  for (const socket of [client, server]) {
    if (stalled) socket.pause();
    else socket.resume();
  }
}

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type Direction = 'to-server' | 'to-client';

/** Stands between a part of the platform and a server, and fails on command. */
export interface FaultProxy {
  port: number;
  /** Resets every open connection; new ones pass. */
  cut(): void;
  /** As if the server were gone: connections are reset and new ones refused, until `heal`. */
  down(): void;
  /** Lets nothing pass without closing anything: a stopped process or a black hole; one way or both. */
  stall(direction?: Direction): void;
  /** Holds everything back for so long. */
  delay(ms: number): void;
  /** Everything passes again. */
  heal(): void;
  /**
   * Watches for these bytes and calls `onHit` at the n-th time they pass; `drop` swallows the piece that holds them. A
   * kill point without a hook in production code: the n-th COMMIT, the n-th basic.ack.
   */
  watch(watch: Watch): void;
  close(): Promise<void>;
}

export interface Watch {
  direction: Direction;
  bytes: Buffer;
  nth: number;
  /** Whether the client never gets (or the server never sees) what was hit. */
  drop: boolean;
  onHit: () => void;
}

interface Pair {
  client: Socket;
  server: Socket;
}

interface Watcher {
  /** Whether the piece is to be swallowed. */
  passes(direction: Direction, chunk: Buffer): boolean;
}

function createWatcher({ direction, bytes, nth, drop, onHit }: Watch): Watcher {
  let seen = 0;
  return {
    passes(way, chunk) {
      if (way !== direction || seen >= nth) return false;
      for (let at = chunk.indexOf(bytes); at !== -1; at = chunk.indexOf(bytes, at + 1)) {
        seen += 1;
        if (seen < nth) continue;
        onHit();
        return drop;
      }
      return false;
    },
  };
}

function listenOnLoopback(onClient: (client: Socket) => unknown): Promise<Server> {
  const server = createServer({ noDelay: true }, onClient);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Listens on a free port of 127.0.0.1 and passes everything to `target` until told otherwise. */
export async function startFaultProxy(target: { host: string; port: number }): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  let isDown = false;
  let stalled: readonly Direction[] = [];
  let delayMs = 0;
  let watched: Watcher | undefined;

  const end = (pair: Pair) => {
    if (!pairs.delete(pair)) return;
    pair.client.resetAndDestroy();
    pair.server.resetAndDestroy();
  };
  const endAll = () => {
    for (const pair of [...pairs]) end(pair);
  };
  const hits = (direction: Direction, chunk: Buffer) => watched?.passes(direction, chunk) ?? false;
  const pass = (direction: Direction, from: Socket, to: Socket) => {
    from.on('data', (chunk) => {
      if (hits(direction, chunk)) return;
      if (delayMs === 0) to.write(chunk);
      else setTimeout(() => to.destroyed || to.write(chunk), delayMs);
    });
  };
  const hold = ({ client, server }: Pair) => {
    client[stalled.includes('to-server') ? 'pause' : 'resume']();
    server[stalled.includes('to-client') ? 'pause' : 'resume']();
  };

  const listener = await listenOnLoopback((client) => {
    if (isDown) return client.resetAndDestroy();
    const pair = { client, server: connect({ ...target, noDelay: true }) };
    pairs.add(pair);
    for (const socket of [pair.client, pair.server])
      for (const name of ['error', 'close']) socket.on(name, () => end(pair));
    pass('to-server', pair.client, pair.server);
    pass('to-client', pair.server, pair.client);
    hold(pair);
  });

  return {
    port: (listener.address() as AddressInfo).port,
    cut: endAll,
    down() {
      isDown = true;
      endAll();
    },
    stall(direction) {
      stalled = direction === undefined ? ['to-server', 'to-client'] : [direction];
      for (const pair of pairs) hold(pair);
    },
    delay(ms) {
      delayMs = ms;
    },
    heal() {
      isDown = false;
      stalled = [];
      delayMs = 0;
      watched = undefined;
      for (const pair of pairs) hold(pair);
    },
    watch(watch) {
      watched = createWatcher(watch);
    },
    close() {
      endAll();
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}

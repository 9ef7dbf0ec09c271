import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type Direction = 'to-server' | 'to-client';

/** What can be done to a way between two parts. */
export interface Breakable {
  /** Resets every open connection; new ones pass. */
  cut(): void;
  /** As if the server were gone: connections are reset and new ones refused, until `heal`. */
  down(): void;
  /** Lets nothing pass without closing anything: a stopped process or a black hole; one way or both. */
  stall(direction?: Direction): void;
  /** Does it to each piece that passes, until `heal`. */
  disturb(disturb: Disturb): void;
  /** Everything passes again. */
  heal(): void;
}

/** Stands between a part of the platform and a server, and fails on command. */
export interface FaultProxy extends Breakable {
  port: number;
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

/**
 * What happens to a piece: it passes after so many milliseconds, or half of it passes and the connection is reset, or it is
 * swallowed and the connection is reset.
 */
export type Disturb = (direction: Direction, chunk: Buffer) => { delayMs: number } | 'truncate' | 'reset';

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
  const server = createServer({ noDelay: true, allowHalfOpen: true }, onClient);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Runs what it is given one after the other, each not before its time: bytes never overtake each other. */
function createLine(): (delayMs: number, run: () => void) => void {
  const waiting: { dueAt: number; run: () => void }[] = [];
  let isWaiting = false;
  const advance = () => {
    isWaiting = false;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const leftMs = next.dueAt - Date.now();
      if (leftMs > 0) {
        isWaiting = true;
        setTimeout(advance, leftMs);
        return;
      }
      waiting.shift();
      next.run();
    }
  };
  return (delayMs, run) => {
    waiting.push({ dueAt: Date.now() + delayMs, run });
    if (!isWaiting) advance();
  };
}

interface Rules {
  watched: Watcher | undefined;
  disturb: Disturb | undefined;
}

/** Passes what one socket says, its end included, to the other. */
function passOn(
  direction: Direction,
  { from, to, reset }: { from: Socket; to: Socket; reset: () => void },
  rules: Rules,
) {
  const inLine = createLine();
  const write = (chunk: Buffer) => to.destroyed || to.write(chunk);
  from.on('data', (chunk) => {
    if (rules.watched?.passes(direction, chunk)) return;
    const fate = rules.disturb?.(direction, chunk) ?? { delayMs: 0 };
    if (fate === 'reset') reset();
    else if (fate === 'truncate') {
      write(chunk.subarray(0, Math.floor(chunk.length / 2)));
      to.end(reset);
    } else inLine(fate.delayMs, () => write(chunk));
  });
  from.on('end', () => inLine(0, () => to.end()));
}

/** Listens on a free port of 127.0.0.1 and passes everything to `target` until told otherwise. */
export async function startFaultProxy(target: { host: string; port: number }): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  let isDown = false;
  let stalled: readonly Direction[] = [];
  const rules: Rules = { watched: undefined, disturb: undefined };

  const reset = (pair: Pair) => {
    if (!pairs.delete(pair)) return;
    pair.client.resetAndDestroy();
    pair.server.resetAndDestroy();
  };
  const resetAll = () => {
    for (const pair of [...pairs]) reset(pair);
  };
  const hold = ({ client, server }: Pair) => {
    client[stalled.includes('to-server') ? 'pause' : 'resume']();
    server[stalled.includes('to-client') ? 'pause' : 'resume']();
  };

  const listener = await listenOnLoopback((client) => {
    if (isDown) return client.resetAndDestroy();
    const pair = { client, server: connect({ ...target, noDelay: true, allowHalfOpen: true }) };
    pairs.add(pair);
    for (const socket of [pair.client, pair.server]) {
      socket.on('error', () => reset(pair));
      socket.on('close', () => pair.client.closed && pair.server.closed && pairs.delete(pair));
    }
    passOn('to-server', { from: pair.client, to: pair.server, reset: () => reset(pair) }, rules);
    passOn('to-client', { from: pair.server, to: pair.client, reset: () => reset(pair) }, rules);
    hold(pair);
  });

  return {
    port: (listener.address() as AddressInfo).port,
    cut: resetAll,
    down() {
      isDown = true;
      resetAll();
    },
    stall(direction) {
      stalled = direction === undefined ? ['to-server', 'to-client'] : [direction];
      for (const pair of pairs) hold(pair);
    },
    disturb(disturb) {
      rules.disturb = disturb;
    },
    heal() {
      isDown = false;
      stalled = [];
      Object.assign(rules, { watched: undefined, disturb: undefined });
      for (const pair of pairs) hold(pair);
    },
    watch(watch) {
      rules.watched = createWatcher(watch);
    },
    close() {
      resetAll();
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}

/** One handle for several ways. */
export function together(ways: readonly Breakable[]): Breakable {
  return {
    cut: () => ways.forEach((way) => void way.cut()),
    down: () => ways.forEach((way) => void way.down()),
    stall: (direction) => ways.forEach((way) => void way.stall(direction)),
    disturb: (disturb) => ways.forEach((way) => void way.disturb(disturb)),
    heal: () => ways.forEach((way) => void way.heal()),
  };
}

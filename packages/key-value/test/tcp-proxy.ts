import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy in front of a real server, to cut it off, stall it and bring it back. */
export class TcpProxy {
  readonly #target: { host: string; port: number };
  readonly #pairs = new Set<[Socket, Socket]>();
  #server: Server | undefined;
  #isStalled = false;
  port = 0;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#target = { host: hostname, port: Number(port) };
  }

  async start(): Promise<void> {
    this.#server = createServer((client) => {
      const upstream = connect(this.#target);
      const pair: [Socket, Socket] = [client, upstream];
      this.#pairs.add(pair);
      client.on('data', (chunk) => this.#isStalled || upstream.write(chunk));
      upstream.on('data', (chunk) => this.#isStalled || client.write(chunk));
      for (const socket of pair) {
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#pairs.delete(pair);
          for (const end of pair) end.destroy();
        });
      }
    });
    const server = this.#server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  /** Swallows everything in both directions; connections stay open, new ones are accepted. */
  stall(isStalled: boolean): void {
    this.#isStalled = isStalled;
  }

  cutConnections(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  /** As a stopped process: nothing passes, and all of it once it goes on. */
  pause(isPaused: boolean): void {
    for (const pair of this.#pairs) for (const socket of pair) isPaused ? socket.pause() : socket.resume();
  }

  /** As a killed server: connections end, new ones are refused until `start`. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.cutConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }
}

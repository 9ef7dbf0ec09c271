import type { IncomingMessage, Server, ServerResponse } from 'node:http';

export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void;

export interface HttpServerOptions {
  listener: NodeListener;
  port: number;
  host?: string;
}

export interface RunningHttpServer {
  port: number;
  server: Server;
  /** Stops accepting, lets requests in flight finish for at most `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** Starts a hardened node server; rejects when the port is taken. */
export function startHttpServer(_options: HttpServerOptions): Promise<RunningHttpServer> {
  return undefined as never;
}

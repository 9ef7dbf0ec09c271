import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PROBLEMS, type ProblemSlug } from '@souk/contracts';

export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void;

export interface NodeServerOptions {
  listener: NodeListener;
  port: number;
  /** All interfaces unless named. */
  host?: string | undefined;
}

export interface RunningNodeServer {
  readonly port: number;
  readonly server: Server;
  /** From now on every answer says `Connection: close`, so that clients go elsewhere before the port closes. */
  drain(): void;
  /** Stops accepting, lets requests in flight finish for at most `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/**
 * Node checks its time-outs only every 30 s by default and lets a request take five minutes. Keep-alive is longer than any
 * client's of ours (30 s), so that the client closes first and no request meets a closing socket.
 */
const SERVER_OPTIONS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
  insecureHTTPParser: false,
} as const;
const CONNECTIONS_MAX = 10_000;
/** One more than the contract's 100, so that the 101st is seen; node drops further ones without a word. */
const HEADERS_MAX = 101;
const TARGET_LENGTH_MAX = 8_192;
/** For the answer to arrive and the client to close. */
const LINGER_MS = 2_000;
const ALLOW = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** Starts node's HTTP server with every limit set. Rejects when the port is taken. */
export async function startNodeServer(options: NodeServerOptions): Promise<RunningNodeServer> {
  let draining = false;
  let closing = false;
  const server = createServer(SERVER_OPTIONS, (request, response) => {
    if (draining) response.shouldKeepAlive = false;
    // A request that came before the drain keeps its connection, which would hold up the close for its whole grace.
    response.once('finish', () => closing && request.socket.end());
    if (hasTwoHosts(request)) return refuse(response);
    options.listener(request, response);
  });
  server.maxHeadersCount = HEADERS_MAX;
  server.maxConnections = CONNECTIONS_MAX;
  server.on('clientError', answerClientError);
  // Without a listener node closes the connection of a CONNECT without an answer.
  server.on('connect', (_request, socket) => endSocket(socket, rawAnswer('method-not-allowed')));
  await listen(server, options);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    server,
    drain: () => {
      draining = true;
    },
    close: (graceMs) => {
      closing = true;
      return close(server, graceMs);
    },
  };
}

function listen(server: Server, { host, port }: NodeServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    // Waits for half-sent requests too (nodejs/node#60617): hence the deadline.
    const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(deadline);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Node hands on the first of two Host headers; a proxy in front may have looked at the second. */
function hasTwoHosts(request: IncomingMessage): boolean {
  let hosts = 0;
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

function refuse(response: ServerResponse): void {
  response.shouldKeepAlive = false;
  response.writeHead(400, {
    'content-type': 'application/problem+json',
    'x-content-type-options': 'nosniff',
    'x-request-id': randomUUID(),
  });
  response.end(problemOf('invalid-request'));
}

const PARSER_PROBLEMS: Readonly<Record<string, ProblemSlug>> = {
  HPE_HEADER_OVERFLOW: 'header-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_INVALID_METHOD: 'method-not-allowed',
};

/** The parser refused the request, so no pipeline sees it: the answer is written to the socket. */
function answerClientError(error: ParserError, socket: Socket & { _httpMessage?: ServerResponse }): void {
  // As node's own handler: nothing may be written into an answer that is on its way.
  if (!socket.writable || error.code === 'ECONNRESET' || socket._httpMessage?.headersSent === true) {
    socket.destroy();
    return;
  }
  const slug = isTargetTooLong(error) ? 'uri-too-long' : PARSER_PROBLEMS[error.code ?? ''];
  endSocket(socket, rawAnswer(slug ?? 'malformed'));
}

/**
 * Says one last thing on a connection that node has let go of: without a listener here a reset by the client would end the
 * process, and a client that does not close would keep the connection for ever.
 */
function endSocket(socket: Duplex, bytes: string): void {
  socket.on('error', () => undefined);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(timer));
  socket.end(bytes);
}

type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer };

/** The parser counts the target as part of the head; a first line without an end is the target's fault. */
function isTargetTooLong({ code, rawPacket }: ParserError): boolean {
  if (code !== 'HPE_HEADER_OVERFLOW' || rawPacket === undefined) return false;
  const start = rawPacket.subarray(0, TARGET_LENGTH_MAX).toString('latin1');
  return /^[A-Z]+ /.test(start) && !start.includes('\r\n');
}

function rawAnswer(slug: ProblemSlug): string {
  const body = problemOf(slug);
  const head = [
    `HTTP/1.1 ${PROBLEMS[slug].status} ${PROBLEMS[slug].title}`,
    'Content-Type: application/problem+json',
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${randomUUID()}`,
    ...(slug === 'method-not-allowed' ? [`Allow: ${ALLOW}`] : []),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function problemOf(slug: ProblemSlug): string {
  const { status, title } = PROBLEMS[slug];
  const traceId = randomUUID().replaceAll('-', '');
  // What could not be read has no path to name.
  return JSON.stringify({ type: `/problems/${slug}`, title, status, detail: title, instance: '/', traceId });
}

import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What a service saw of one request. */
export interface SeenRequest {
  method: string;
  target: string;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  body: string;
  /** True once the gateway has given the call up. */
  aborted: boolean;
}

export type Answerer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A real server in the place of a service: records what it sees, answers as it is told. */
export interface UpstreamServer {
  url: string;
  seen: SeenRequest[];
  sockets: Set<Socket>;
  server: Server;
  answerWith(answer: Answerer): void;
  close(): Promise<void>;
}

const answerOk: Answerer = (request, response) => {
  const body = JSON.stringify({ path: request.url });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
};

export async function startUpstreamServer(port = 0): Promise<UpstreamServer> {
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  let answer = answerOk;
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    const record: SeenRequest = {
      method: request.method ?? '',
      target: request.url ?? '',
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: '',
      aborted: false,
    };
    seen.push(record);
    response.on('close', () => {
      record.aborted = !response.writableFinished;
    });
    request.on('data', (chunk: Buffer) => {
      record.body += chunk.toString();
    });
    request.on('end', () => answer(request, response, record.body));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    sockets,
    server,
    answerWith(next) {
      answer = next;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

import { connect } from 'node:net';

/** One answer as it came over the socket. */
export interface RawAnswer {
  status: number;
  /** By lower-case name; repeated fields are joined by a comma. */
  headers: Record<string, string>;
  body: string;
}

export interface RawOptions {
  /** Ends the wait for an answer. */
  timeoutMs?: number;
  /** Sends the bytes in parts with a pause between them. */
  pauseMs?: number;
}

/** The socket closed, or nothing came in time, before a whole answer. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly received: string;
  constructor(reason: string, received: string) {
    super(`${reason} after ${received.length} characters`);
    this.received = received;
  }
}

function parseHead(head: string): { status: number; headers: Record<string, string> } {
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { status: Number(statusLine.split(' ')[1]), headers };
}

function unchunk(text: string): { body: string; end: number } | undefined {
  let body = '';
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (text.length < lineEnd + 2 + size + 2) return undefined;
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
    if (size === 0) return { body, end: at };
  }
}

/** The first whole answer in these bytes (as latin1), and where it ends. */
function parseAnswer(text: string, isEnded: boolean, isHead: boolean): { answer: RawAnswer; end: number } | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const { status, headers } = parseHead(text.slice(0, headEnd));
  const start = headEnd + 4;
  const decode = (body: string) => Buffer.from(body, 'latin1').toString('utf8');
  if (isHead || status === 204 || status === 304) return { answer: { status, headers, body: '' }, end: start };
  if (status === 100) return parseRest(text, start, isEnded);
  if (headers['transfer-encoding'] === 'chunked') {
    const chunks = unchunk(text.slice(start));
    return chunks && { answer: { status, headers, body: decode(chunks.body) }, end: start + chunks.end };
  }
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  if (length === undefined && !isEnded) return undefined;
  if (length !== undefined && text.length < start + length) return undefined;
  const end = length === undefined ? text.length : start + length;
  return { answer: { status, headers, body: decode(text.slice(start, end)) }, end };
}

function parseRest(text: string, start: number, isEnded: boolean) {
  const rest = parseAnswer(text.slice(start), isEnded, false);
  return rest && { answer: rest.answer, end: start + rest.end };
}

/** Sends exactly these bytes and answers the first `count` answers that come back. */
export async function rawExchanges(
  base: string,
  parts: readonly (string | Buffer)[],
  { count = 1, timeoutMs = 20_000, pauseMs = 0 }: RawOptions & { count?: number } = {},
): Promise<RawAnswer[]> {
  const { hostname, port } = new URL(base);
  const isHead = parts[0]?.toString('latin1').startsWith('HEAD ') ?? false;
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const answers: RawAnswer[] = [];
  let text = '';
  return await new Promise<RawAnswer[]>((resolve, reject) => {
    const finish = (reason: string) => {
      take(true);
      clearTimeout(timer);
      socket.destroy();
      if (answers.length >= count) resolve(answers);
      else reject(new NoAnswerError(reason, text));
    };
    const take = (isEnded: boolean) => {
      for (;;) {
        const found = parseAnswer(text, isEnded, isHead);
        if (found === undefined) return;
        answers.push(found.answer);
        text = text.slice(found.end);
      }
    };
    const timer = setTimeout(() => finish('No whole answer'), timeoutMs);
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      take(false);
      if (answers.length >= count) finish('Enough');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? 'error'));
    socket.on('close', () => finish('Closed'));
    socket.once('connect', () => void sendParts(socket, parts, pauseMs));
  });
}

async function sendParts(socket: ReturnType<typeof connect>, parts: readonly (string | Buffer)[], pauseMs: number) {
  for (const part of parts) {
    if (socket.destroyed) return;
    socket.write(part);
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Sends exactly these bytes and answers what comes back. */
export async function rawExchange(base: string, bytes: string | Buffer, options: RawOptions = {}): Promise<RawAnswer> {
  const [answer] = await rawExchanges(base, [bytes], options);
  return answer as RawAnswer;
}

export interface PlainRequest {
  method: string;
  path: string;
  /** As they go over the wire, in this order. */
  headers: readonly (readonly [name: string, value: string])[];
  body?: string | Buffer | undefined;
}

/** The bytes of a request; Host, Content-Length and Connection are added where the headers do not name them. */
export function toBytes({ method, path, headers, body }: PlainRequest): Buffer {
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const content = body === undefined ? undefined : Buffer.from(body);
  const lines = [`${method} ${path} HTTP/1.1`];
  if (!names.has('host')) lines.push('Host: souk.test');
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  const isFramed = names.has('content-length') || names.has('transfer-encoding');
  if (content !== undefined && !isFramed) lines.push(`Content-Length: ${content.length}`);
  if (!names.has('connection')) lines.push('Connection: close');
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8');
  return content === undefined ? head : Buffer.concat([head, content]);
}

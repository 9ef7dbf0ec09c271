import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { Refusal } from '@souk/contracts';

/** 100 KB as received, in any framing. */
export const BODY_BYTES_MAX = 102_400;

/** The client left before its request was whole; nobody reads the answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

function tooLarge(): Refusal {
  return new Refusal('too-large', `Expected a body of at most ${BODY_BYTES_MAX} bytes`);
}

/** Refuses by the announced length, before anything is read. */
export function checkContentLength(contentLength: string | undefined): void {
  if (contentLength !== undefined && Number(contentLength) > BODY_BYTES_MAX) throw tooLarge();
}

/**
 * Reads the body from node's own stream, counting bytes: the web stream of the Request costs five times as much. What is
 * over the limit is left flowing into nothing; node-server ends the connection when that takes longer than half a second.
 */
export function readIncoming(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (action: () => void) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      action();
    };
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) {
        settle(() => {
          incoming.on('error', () => undefined).resume();
          reject(tooLarge());
        });
      } else chunks.push(chunk);
    };
    const onEnd = () => settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const onGone = () => settle(() => reject(new ClientGoneError('the client left in the middle of its body')));
    if (incoming.readableEnded) return resolve(Buffer.alloc(0));
    if (incoming.destroyed) return onGone();
    incoming.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

/** The same for a Request without a node stream behind it. */
export async function readRequest(request: Request): Promise<Buffer> {
  if (request.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const JSON_TYPE = /^application\/json[ \t]*(;|$)/i;
const CHARSET = /;[ \t]*charset[ \t]*=[ \t]*"?([^\s;"]+)/i;

/** Refuses a media type or encoding that is not plain UTF-8 JSON. */
export function checkMediaType(contentType: string | undefined): void {
  if (contentType === undefined || !JSON_TYPE.test(contentType)) {
    throw new Refusal('unsupported-media', 'Expected Content-Type application/json');
  }
  const charset = CHARSET.exec(contentType)?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw new Refusal('unsupported-media', 'Expected JSON in UTF-8');
  }
}

export function checkContentEncoding(contentEncoding: string | undefined): void {
  if (contentEncoding !== undefined && contentEncoding.trim().toLowerCase() !== 'identity') {
    throw new Refusal('unsupported-media', 'Expected a body without Content-Encoding');
  }
}

export interface JsonBody {
  text: string;
  value: unknown;
}

/** Throws `malformed` for what is no UTF-8 JSON text; RFC 8259 section 8.1 forbids senders a byte order mark. */
export function parseJsonBody(bytes: Buffer): JsonBody {
  if (bytes.length === 0) throw new Refusal('malformed', 'Expected a JSON body, found none');
  if (!isUtf8(bytes)) throw new Refusal('malformed', 'Expected the body in UTF-8');
  const text = bytes.toString('utf8');
  if (text.charCodeAt(0) === 0xfeff) throw new Refusal('malformed', 'Expected JSON without a byte order mark');
  try {
    return { text, value: JSON.parse(text) };
  } catch {
    throw new Refusal('malformed', 'Expected the body to be JSON');
  }
}

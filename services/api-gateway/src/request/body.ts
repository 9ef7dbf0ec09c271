import type { IncomingMessage } from 'node:http';
import { Refusal } from '@souk/contracts';

/** 100 KB as received, in any framing. */
export const BODY_BYTES_MAX = 102_400;

/** The client left, or was cut by the parser, before its body was complete: nobody waits for an answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  return (
    headers['transfer-encoding'] !== undefined ||
    (headers['content-length'] !== undefined && headers['content-length'] !== '0')
  );
}

/** Throws the Refusal 413 for a length that is announced. */
export function checkContentLength(request: IncomingMessage): void {
  const announced = request.headers['content-length'];
  if (announced !== undefined && Number(announced) > BODY_BYTES_MAX) throw tooLarge();
}

/** Bodies that are not whole yet, of all clients together: a thousand that dribble 100 KB each must not fill the memory. */
const UNFINISHED_BYTES_MAX = 64 * 1024 * 1024;

export type BodyReader = (request: IncomingMessage) => Promise<Buffer>;

/**
 * The whole body in memory: it is small, a slow client then holds no connection to a service, and a call that never
 * reached its service can be made again.
 */
export const readBody: BodyReader = createBodyReader(UNFINISHED_BYTES_MAX);

/** Reads bodies that together take at most so many bytes while they are on their way; one too many is 503. */
export function createBodyReader(unfinishedBytesMax: number): BodyReader {
  let unfinishedBytes = 0;
  return (request) =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      let isSettled = false;
      const settle = (action: () => void) => {
        if (isSettled) return;
        isSettled = true;
        unfinishedBytes -= bytes;
        action();
        chunks.length = 0;
      };
      // What comes after a refusal flows into nothing.
      request.on('data', (chunk: Buffer) => {
        if (isSettled) return;
        bytes += chunk.length;
        unfinishedBytes += chunk.length;
        if (bytes > BODY_BYTES_MAX) settle(() => reject(tooLarge()));
        else if (unfinishedBytes > unfinishedBytesMax) settle(() => reject(tooManyUnfinished()));
        else chunks.push(chunk);
      });
      const gone = () => settle(() => reject(new ClientGoneError('the client left within its body')));
      request.once('end', () =>
        settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))),
      );
      request.once('error', gone);
      request.once('close', gone);
    });
}

function tooManyUnfinished(): Refusal {
  return new Refusal('unavailable', 'Too many bodies are on their way; try again', { retryAfterSeconds: 1 });
}

function tooLarge(): Refusal {
  return new Refusal('too-large', `Expected a body of at most ${BODY_BYTES_MAX} bytes`);
}

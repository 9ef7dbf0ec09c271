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

/**
 * The whole body in memory: it is small, a slow client then holds no connection to a service, and a call that never
 * reached its service can be made again.
 */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(tooLarge());
      }
    });
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.once('error', () => reject(new ClientGoneError('the client left within its body')));
    request.once('close', () => reject(new ClientGoneError('the client left within its body')));
  });
}

function tooLarge(): Refusal {
  return new Refusal('too-large', `Expected a body of at most ${BODY_BYTES_MAX} bytes`);
}

import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { BODY_BYTES_MAX, createBodyReader } from './body.ts';

const aRequest = () => new PassThrough() as PassThrough & IncomingMessage;
const codeOf = (body: Promise<Buffer>) =>
  body.then(
    (bytes) => bytes.length,
    (error: { code?: string; name: string }) => error.code ?? error.name,
  );

describe('the bodies of all clients', () => {
  it('may take so much together while they are on their way, and give it back when they are whole, refused or given up', async () => {
    const read = createBodyReader(1_000);
    const [whole, refused, left] = [aRequest(), aRequest(), aRequest()];
    const bodies = [whole, refused, left].map((request) => codeOf(read(request)));
    whole.write(Buffer.alloc(400));
    left.write(Buffer.alloc(400));
    refused.write(Buffer.alloc(400));
    expect(await bodies[1]).toBe('unavailable');
    whole.end(Buffer.alloc(100));
    expect(await bodies[0]).toBe(500);
    left.destroy();
    expect(await bodies[2]).toBe('ClientGoneError');
    const next = aRequest();
    const body = codeOf(read(next));
    next.end(Buffer.alloc(1_000));
    expect(await body).toBe(1_000);
  });

  it('are 413 each beyond its own limit, and what follows is not kept', async () => {
    const read = createBodyReader(10 * BODY_BYTES_MAX);
    for (let round = 0; round < 30; round += 1) {
      const request = aRequest();
      const body = codeOf(read(request));
      request.write(Buffer.alloc(BODY_BYTES_MAX + 1));
      expect(await body).toBe('too-large');
      request.end(Buffer.alloc(BODY_BYTES_MAX));
    }
  });
});

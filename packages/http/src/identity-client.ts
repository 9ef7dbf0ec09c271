import { Pool } from 'undici';
import { z } from 'zod';

/** user-service answers a poll after at most 500 ms; an answer that takes longer than this will not come. */
const ANSWER_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 1_000;
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

export class IdentityAnswerError extends Error {
  override readonly name = 'IdentityAnswerError';
  readonly status: number;

  constructor(path: string, status: number) {
    super(`user-service answered ${path} with ${status}`);
    this.status = status;
  }
}

const revocationsSchema = z.object({
  items: z.array(z.object({ sessionId: z.string(), at: z.string() })),
  next: z.string().min(1),
  /** The answer goes on in the next page; an issuer of before pages never says so. */
  more: z.boolean().default(false),
});
export type Revocations = z.infer<typeof revocationsSchema>;

const keySetSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/** What every verifier asks user-service. */
export interface IdentityClient {
  fetchKeys(signal: AbortSignal): Promise<Record<string, unknown>[]>;
  /** Waits at the other end until there is news, for at most 500 ms. */
  fetchRevocations(after: string | undefined, signal: AbortSignal): Promise<Revocations>;
  close(): Promise<void>;
}

export function createIdentityClient(userServiceUrl: string): IdentityClient {
  const base = new URL(userServiceUrl);
  const basePath = base.pathname.replace(/\/$/, '');
  const pool = new Pool(base.origin, {
    connections: 4,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    keepAliveTimeout: 30_000,
    maxResponseSize: ANSWER_BYTES_MAX,
  });
  const get = async (path: string, signal: AbortSignal): Promise<unknown> => {
    // The pool's own timeouts are the deadline: AbortSignal.any on a signal that lives for weeks would grow without end.
    const answer = await pool.request({ method: 'GET', path: `${basePath}${path}`, signal });
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      throw new IdentityAnswerError(path, answer.statusCode);
    }
    return await answer.body.json();
  };
  return {
    fetchKeys: async (signal) => keySetSchema.parse(await get('/.well-known/jwks.json', signal)).keys,
    fetchRevocations: async (after, signal) => {
      const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`;
      return revocationsSchema.parse(await get(`/internal/revocations${query}`, signal));
    },
    close: () => pool.destroy(),
  };
}

import type { Clock, Logger, Metrics } from '@souk/service-runtime';
import type { Caller } from './caller.ts';

export interface AuthenticatorOptions {
  userServiceUrl: string;
  issuer: string;
  audience: string;
  logger: Logger;
  metrics?: Metrics;
  clock: Clock;
  /** Verified tokens kept. Default 10,000. */
  cacheMax?: number;
  /** Without an answer of user-service for this long nothing is authenticated any more. Default 10,000. */
  staleAfterMs?: number;
}

/** Verifies access tokens by itself; a Worker: its keys and revocations are kept fresh between `start` and `stop`. */
export interface Authenticator {
  readonly name: string;
  /** Begins to fetch and returns at once; `ready` tells when the first answers are there. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Throws `Refusal` `unauthorized` for a token that is no good, `unavailable` where nobody can tell. */
  verify(token: string): Promise<Caller>;
  isRevoked(sessionId: string): boolean;
  ready(): boolean;
  /** Calls back when a session is revoked (streams end themselves); returns the way to stop that. */
  onRevoked(listener: (sessionId: string) => void): () => void;
}

/** Builds an authenticator over user-service's JWKS and revocations. */
export function createAuthenticator(_options: AuthenticatorOptions): Authenticator {
  return undefined as never;
}

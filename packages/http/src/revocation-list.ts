import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@souk/service-runtime';
import { IdentityAnswerError, type IdentityClient } from './identity-client.ts';

/** Longer than any access token lives: after this a revoked session has no valid token left. */
const KEPT_MS = 24 * 3_600_000;
const RETRY_MS = { first: 50, max: 1_000 };
/** An issuer that answers at once without news must not be asked in a busy loop. */
const PAUSE_MS = 50;

/** The sessions that user-service has ended, as known here: asked for without a break, answered from memory. */
export interface RevocationList {
  start(): void;
  stop(): void;
  has(sessionId: string): boolean;
  /** Milliseconds since user-service last answered; infinite before its first answer. */
  ageMs(): number;
  onRevoked(listener: (sessionId: string) => void): () => void;
}

export interface RevocationListOptions {
  client: Pick<IdentityClient, 'fetchRevocations'>;
  logger: Logger;
}

export function createRevocationList({ client, logger }: RevocationListOptions): RevocationList {
  const revoked = new Map<string, number>();
  const listeners = new Set<(sessionId: string) => void>();
  let answeredAtMs = Number.NEGATIVE_INFINITY;
  let stopping = new AbortController();

  const add = (sessionId: string) => {
    if (revoked.has(sessionId)) return;
    revoked.set(sessionId, performance.now() + KEPT_MS);
    for (const listener of listeners) listener(sessionId);
  };
  const forgetOld = () => {
    // Insertion order is order of expiry.
    for (const [sessionId, untilMs] of revoked) {
      if (untilMs > performance.now()) return;
      revoked.delete(sessionId);
    }
  };
  const poll = async (signal: AbortSignal) => {
    let after: string | undefined;
    let failures = 0;
    while (!signal.aborted) {
      const askedAtMs = performance.now();
      try {
        const { items, next, more } = await client.fetchRevocations(after, signal);
        for (const { sessionId } of items) add(sessionId);
        after = next;
        // Half an answer says nothing about who is missing in it.
        if (more && items.length > 0) continue;
        answeredAtMs = performance.now();
        if (failures > 0) logger.info({}, 'Revocations are known again');
        failures = 0;
        forgetOld();
        if (items.length === 0 && performance.now() - askedAtMs < PAUSE_MS)
          await sleep(PAUSE_MS, undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (failures === 1) logger.warn({ error }, 'Revocations could not be fetched');
        // A position that the issuer no longer understands (its database was restored): begin anew.
        if (error instanceof IdentityAnswerError && error.status === 422) after = undefined;
        const waitMs = Math.min(RETRY_MS.max, RETRY_MS.first * 2 ** Math.min(failures, 10));
        await sleep(waitMs * (0.5 + Math.random() * 0.5), undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  };

  return {
    start: () => {
      stopping = new AbortController();
      poll(stopping.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted) logger.error({ error }, 'The revocations poll ended');
      });
    },
    stop: () => stopping.abort(),
    has: (sessionId) => revoked.has(sessionId),
    ageMs: () => performance.now() - answeredAtMs,
    onRevoked: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

import { Refusal } from '@souk/contracts';
import { type Authenticator, verifyAccessToken } from '@souk/http';
import type { Clock } from '@souk/service-runtime';
import type { KeyRing } from '../keys/key-ring.ts';
import type { SessionLiveness } from './session-liveness.ts';

export interface LocalAuthenticatorOptions {
  keyRing: Pick<KeyRing, 'find'>;
  liveness: Pick<SessionLiveness, 'assertLive'>;
  issuer: string;
  audience: string;
  clock: Clock;
}

/** Verifies as every other service does, but asks the source: its own keys, and its own table of sessions. */
export function createLocalAuthenticator(options: LocalAuthenticatorOptions): Pick<Authenticator, 'verify'> {
  const { keyRing, issuer, audience, clock } = options;
  return {
    async verify(token) {
      const now = clock.now();
      const caller = await verifyAccessToken(token, { keys: keyRing, issuer, audience, now });
      if (caller === undefined) throw new Refusal('unauthorized', 'Expected a valid access token');
      if (caller.expiresAt <= now) throw new Refusal('unauthorized', 'The access token has expired');
      await options.liveness.assertLive(caller.sessionId);
      return caller;
    },
  };
}

import type { Role } from '@souk/http';
import type { Clock } from '@souk/service-runtime';
import { SignJWT } from 'jose';
import type { KeyRing } from '../keys/key-ring.ts';

/** RFC 9068 section 2.1. */
const ACCESS_TOKEN_TYPE = 'at+jwt';

export interface AccessTokenIssuerOptions {
  keyRing: Pick<KeyRing, 'current'>;
  issuer: string;
  audience: string;
  ttlMs: number;
  clock: Clock;
  newId: () => string;
}

export interface AccessTokenSubject {
  userId: string;
  sessionId: string;
  roles: readonly Role[];
  email: string;
}

export interface AccessToken {
  token: string;
  expiresInSeconds: number;
}

export interface AccessTokenIssuer {
  issue(subject: AccessTokenSubject): Promise<AccessToken>;
}

export function createAccessTokenIssuer(options: AccessTokenIssuerOptions): AccessTokenIssuer {
  const expiresInSeconds = Math.max(1, Math.floor(options.ttlMs / 1000));
  return {
    async issue({ userId, sessionId, roles, email }) {
      const key = await options.keyRing.current();
      const issuedAt = Math.floor(options.clock.now().getTime() / 1000);
      const token = await new SignJWT({ sid: sessionId, roles: [...roles], email })
        .setProtectedHeader({ alg: key.algorithm, typ: ACCESS_TOKEN_TYPE, kid: key.kid })
        .setIssuer(options.issuer)
        .setAudience(options.audience)
        .setSubject(userId)
        .setJti(options.newId())
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + expiresInSeconds)
        .sign(key.privateKey);
      return { token, expiresInSeconds };
    },
  };
}

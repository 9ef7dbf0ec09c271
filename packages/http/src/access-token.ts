import { idSchema } from '@souk/contracts';
import { decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Caller } from './caller.ts';
import type { KeySet } from './key-set.ts';

const CLOCK_TOLERANCE_SECONDS = 5;
/** No token of ours lives for longer, so one that says so is not ours. */
const LIFETIME_SECONDS_MAX = 86_400;

/** JSON's 1e999 is Infinity to JavaScript, and a token that never expires to jose: the shapes are checked here. */
const claimsSchema = z.object({
  aud: z.string(),
  sub: idSchema,
  sid: idSchema,
  jti: z.string().min(1).max(128),
  iat: z.int().min(0),
  exp: z.int().min(0),
  roles: z.array(z.enum(['customer', 'admin'])).min(1),
  // 254 code points may be twice as many code units.
  email: z.string().min(1).max(508),
});

const headerSchema = z.object({
  alg: z.enum(['EdDSA', 'ES256']),
  typ: z.string(),
  kid: z.string().min(1).max(128),
});

export interface AccessTokenOptions {
  keys: Pick<KeySet, 'find'>;
  issuer: string;
  audience: string;
  now: Date;
}

/** The caller that an access token names, or undefined where anything about it is not as it must be. */
export async function verifyAccessToken(token: string, options: AccessTokenOptions): Promise<Caller | undefined> {
  try {
    // Its own word that it has expired is enough: who goes on sending an old token must not cost a verification each time.
    if (hasExpired(decodeJwt(token), options.now)) return undefined;
    const header = headerSchema.parse(decodeProtectedHeader(token));
    const found = await options.keys.find(header.kid);
    // The key decides the algorithm; the token's own word is only compared with it.
    if (found === undefined || found.alg !== header.alg) return undefined;
    const { payload } = await jwtVerify(token, found.key, {
      algorithms: [found.alg],
      typ: 'at+jwt',
      issuer: options.issuer,
      audience: options.audience,
      requiredClaims: ['exp', 'iat', 'sub', 'jti', 'sid'],
      maxTokenAge: LIFETIME_SECONDS_MAX,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: options.now,
    });
    const { sub, sid, jti, iat, exp, roles, email } = claimsSchema.parse(payload);
    if (exp <= iat || exp - iat > LIFETIME_SECONDS_MAX) return undefined;
    return { userId: sub, sessionId: sid, roles, email, tokenId: jti, expiresAt: new Date(exp * 1000) };
  } catch {
    // jose throws coded errors and, for a key of another type, plain TypeErrors: whatever it is, the token is no good.
    return undefined;
  }
}

function hasExpired({ exp }: JWTPayload, now: Date): boolean {
  return typeof exp === 'number' && exp <= now.getTime() / 1000 - CLOCK_TOLERANCE_SECONDS;
}

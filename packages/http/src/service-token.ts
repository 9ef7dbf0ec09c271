import assert from 'node:assert';
import { type CryptoKey, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { unauthorized } from './authorization.ts';
import type { ServiceCaller } from './caller.ts';

const TOKEN_TTL_SECONDS = 60;
const CLOCK_TOLERANCE_SECONDS = 5;
/** A token is signed anew when it has less than this left. */
const REUSE_MARGIN_SECONDS = 10;
const SERVICE_NAME = /^[a-z][a-z-]{0,62}$/;
const VERIFIED_MAX = 1000;

export interface ServiceTokenVerifier {
  /** Throws `Refusal` `unauthorized`. */
  verify(token: string): Promise<ServiceCaller>;
}

/** RFC 7518 section 3.2: the key of HS256 is at least as long as its hash. */
const SECRET_BYTES_MIN = 32;

function importSecret(secret: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret);
  assert(bytes.length >= SECRET_BYTES_MIN, `expected an internal secret of at least ${SECRET_BYTES_MIN} bytes`);
  // Imported once: jose spends half a verification on importing raw bytes.
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}

/** Verifies tokens of other services whose audience is `audience`. */
export function createServiceTokenVerifier(options: {
  secret: string;
  audience: string;
  now: () => Date;
}): ServiceTokenVerifier {
  const { audience, now } = options;
  const key = importSecret(options.secret);
  const verified = new LRUCache<string, { caller: ServiceCaller; expiresAtMs: number }>({ max: VERIFIED_MAX });
  return {
    async verify(token) {
      const known = verified.get(token);
      if (known !== undefined && known.expiresAtMs > now().getTime()) return known.caller;
      const claims = await verifyServiceToken(token, { key: await key, audience, now: now() });
      if (claims === undefined) throw unauthorized('Expected a valid service token', true);
      verified.set(token, claims);
      return claims.caller;
    },
  };
}

async function verifyServiceToken(token: string, options: { key: CryptoKey; audience: string; now: Date }) {
  try {
    const { payload } = await jwtVerify(token, options.key, {
      algorithms: ['HS256'],
      typ: 'service+jwt',
      audience: options.audience,
      requiredClaims: ['iss', 'aud', 'iat', 'exp'],
      maxTokenAge: TOKEN_TTL_SECONDS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: options.now,
    });
    const { iss, aud, iat, exp } = payload;
    // An array of audiences would let one token open several doors.
    if (typeof aud !== 'string' || typeof iss !== 'string' || !SERVICE_NAME.test(iss)) return undefined;
    if (iat === undefined || exp === undefined || !(exp > iat && exp - iat <= TOKEN_TTL_SECONDS)) return undefined;
    return { caller: { service: iss }, expiresAtMs: exp * 1000 };
  } catch {
    // jose throws coded errors and, for mismatched keys, plain TypeErrors: whatever it is, the token is no good.
    return undefined;
  }
}

/** Signs tokens of `issuer`; one per audience is used for most of its 60 s. */
export function createServiceTokenSigner(options: {
  secret: string;
  issuer: string;
}): (audience: string) => Promise<string> {
  const key = importSecret(options.secret);
  const signed = new Map<string, { token: Promise<string>; reuseUntilMs: number }>();
  return (audience) => {
    const nowMs = Date.now();
    const known = signed.get(audience);
    if (known !== undefined && nowMs < known.reuseUntilMs) return known.token;
    const issuedAt = Math.floor(nowMs / 1000);
    const token = key.then((secretKey) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'HS256', typ: 'service+jwt' })
        .setIssuer(options.issuer)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + TOKEN_TTL_SECONDS)
        .sign(secretKey),
    );
    signed.set(audience, { token, reuseUntilMs: (issuedAt + TOKEN_TTL_SECONDS - REUSE_MARGIN_SECONDS) * 1000 });
    return token;
  };
}

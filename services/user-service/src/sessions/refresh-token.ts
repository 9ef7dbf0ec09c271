import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';

/** Refresh tokens are 256 random bits, written in base64url. */
export const REFRESH_TOKEN_BYTES = 32;
/** A replay this soon is a retry or a second tab, not a thief: it gets the same successor, as long as that is unused. */
export const REFRESH_GRACE_MS = 10_000;

const FORMAT = /^[A-Za-z0-9_-]{43}$/;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The opaque token of `bytes`, which must come from a cryptographic source. */
export function toRefreshToken(bytes: Buffer): string {
  return bytes.toString('base64url');
}

export function isRefreshTokenFormat(text: string): boolean {
  // 43 characters hold 258 bits: only the spelling that encodes back to itself is a token.
  return FORMAT.test(text) && Buffer.from(text, 'base64url').toString('base64url') === text;
}

/** What is stored. 256 random bits need no slow hash. */
export function hashRefreshToken(token: string): Buffer {
  return createHash('sha256').update('refresh-token:').update(token).digest();
}

function successorKey(predecessor: string): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(predecessor, 'base64url'), '', 'refresh-successor', 32));
}

/** Encrypts a successor so that only who presents its predecessor again can read it. */
export function sealSuccessor(predecessor: string, successor: string, iv: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', successorKey(predecessor), iv);
  return Buffer.concat([iv, cipher.update(successor, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

export function openSuccessor(predecessor: string, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', successorKey(predecessor), sealed.subarray(0, IV_BYTES));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const body = sealed.subarray(IV_BYTES, sealed.length - TAG_BYTES);
  return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
}

/** A presented refresh token as it stands in its family. */
export type PresentedToken =
  | { state: 'unknown' }
  | { state: 'head'; expiresAt: Date; family: Family }
  /** `sealed`: its successor is still kept for the grace; `successorUsed`: somebody went on with it. */
  | { state: 'used'; usedAt: Date; sealed: boolean; successorUsed: boolean; family: Family };

export interface Family {
  ended: boolean;
  expiresAt: Date;
  userDisabled: boolean;
}

export type RefreshDecision =
  /** Mark it used and make a successor. */
  | { do: 'rotate' }
  /** Answer the successor that it already has. */
  | { do: 'repeat' }
  /** Somebody replays: end the family. */
  | { do: 'revoke' }
  | { do: 'refuse' };

/** What a refresh does, by the state of the presented token alone (RFC 9700 section 4.14.2). */
export function decideRefresh(presented: PresentedToken, now: Date): RefreshDecision {
  switch (presented.state) {
    case 'unknown':
      return { do: 'refuse' };
    case 'head':
      if (isFamilyOver(presented.family, now) || presented.expiresAt <= now) return { do: 'refuse' };
      return { do: 'rotate' };
    case 'used': {
      if (isFamilyOver(presented.family, now)) return { do: 'refuse' };
      const inGrace = now.getTime() - presented.usedAt.getTime() <= REFRESH_GRACE_MS;
      return inGrace && presented.sealed && !presented.successorUsed ? { do: 'repeat' } : { do: 'revoke' };
    }
    default:
      return presented satisfies never;
  }
}

function isFamilyOver(family: Family, now: Date): boolean {
  return family.ended || family.userDisabled || family.expiresAt <= now;
}

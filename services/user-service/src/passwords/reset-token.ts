import { createHash } from 'node:crypto';

/** Reset tokens are 256 random bits, written in base64url. */
export const RESET_TOKEN_BYTES = 32;

/** What is stored. */
export function hashResetToken(token: string): Buffer {
  return createHash('sha256').update('password-reset:').update(token).digest();
}

import { hkdfSync } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';

export interface Sealer {
  /** Encrypts to a compact JWE (`dir`, A256GCM). */
  seal(plaintext: string): Promise<string>;
  /** Throws `SealBrokenError` for what was not sealed with this secret and purpose. */
  open(sealed: string): Promise<string>;
}

export class SealBrokenError extends Error {
  override readonly name = 'SealBrokenError';
}

/** Encryption between services under a key derived from a shared secret: HKDF-SHA256(secret, info = purpose). */
export function createSealer({ secret, purpose }: { secret: string; purpose: string }): Sealer {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', purpose, 32));
  return {
    seal: (plaintext) =>
      new CompactEncrypt(new TextEncoder().encode(plaintext))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .encrypt(key),
    async open(sealed) {
      try {
        const { plaintext } = await compactDecrypt(sealed, key, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        return new TextDecoder().decode(plaintext);
      } catch (error) {
        throw new SealBrokenError('expected a text sealed with this secret and purpose', { cause: error });
      }
    },
  };
}

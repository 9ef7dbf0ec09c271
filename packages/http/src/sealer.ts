export interface Sealer {
  /** Encrypts to a compact JWE (`dir`, A256GCM). */
  seal(plaintext: string): Promise<string>;
  /** Throws `SealBrokenError` for what was not sealed with this secret and purpose. */
  open(sealed: string): Promise<string>;
}

/** Encryption between services under a key derived from a shared secret: HKDF-SHA256(secret, info = purpose). */
export function createSealer(_options: { secret: string; purpose: string }): Sealer {
  return undefined as never;
}

export class SealBrokenError extends Error {
  override readonly name = 'SealBrokenError';
}

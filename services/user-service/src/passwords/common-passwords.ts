import { brotliDecompressSync } from 'node:zlib';
import { COMMON_PASSWORDS_BROTLI_BASE64 } from './common-passwords-list.ts';

export interface CommonPasswords {
  /** Without regard to case. */
  has(password: string): boolean;
}

/** The most used passwords that are long enough to be chosen here. Read at the first question (about 10 ms, 1 MB). */
export function createCommonPasswords(): CommonPasswords {
  let passwords: ReadonlySet<string> | undefined;
  return {
    has(password) {
      passwords ??= new Set(
        brotliDecompressSync(Buffer.from(COMMON_PASSWORDS_BROTLI_BASE64, 'base64')).toString('utf8').split('\n'),
      );
      return passwords.has(password.toLowerCase());
    },
  };
}

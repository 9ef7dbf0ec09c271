import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { validationRefusal } from './validation.ts';

export type CursorValue = string | number;

export interface CursorCodec {
  encode(values: readonly CursorValue[]): string;
  /** Throws `Refusal` `validation` at `/cursor` for what this codec did not make. */
  decode(cursor: string): CursorValue[];
}

/** 128 bits of an HMAC are beyond guessing and keep the cursor short. */
const TAG_BYTES = 16;
const CURSOR_LENGTH_MAX = 2048;
const FORM = /^[A-Za-z0-9_-]+$/;

/**
 * Opaque, signed positions in a list. `scope` names the list and everything that shapes it (filters, owner, sorting), so
 * that a cursor of another list is as foreign as a forged one.
 */
export function createCursorCodec({ secret, scope }: { secret: string; scope: string }): CursorCodec {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'cursor', 32));
  const tagOf = (payload: Buffer) =>
    createHmac('sha256', key).update(`${scope}\n`).update(payload).digest().subarray(0, TAG_BYTES);
  return {
    encode(values) {
      const payload = Buffer.from(JSON.stringify(values));
      return Buffer.concat([tagOf(payload), payload]).toString('base64url');
    },
    decode(cursor) {
      // Buffer.from skips what is no base64url, so that many texts would be one cursor.
      const bytes =
        cursor.length <= CURSOR_LENGTH_MAX && FORM.test(cursor) ? Buffer.from(cursor, 'base64url') : undefined;
      if (bytes !== undefined && bytes.length > TAG_BYTES && bytes.toString('base64url') === cursor) {
        const payload = bytes.subarray(TAG_BYTES);
        if (timingSafeEqual(bytes.subarray(0, TAG_BYTES), tagOf(payload))) {
          return JSON.parse(payload.toString()) as CursorValue[];
        }
      }
      throw validationRefusal([{ pointer: '/cursor', detail: 'expected a nextCursor of this list' }]);
    },
  };
}

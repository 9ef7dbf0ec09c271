import { Refusal } from '@souk/contracts';

/** How far a verifier has read: the highest position it was given, and the database's time of that reading. */
export interface RevocationCursor {
  position: number;
  readAtMs: number;
}

const FORMAT = /^[A-Za-z0-9_-]{1,64}$/;
const CONTENT = /^r1\.(0|[1-9]\d{0,15})\.([1-9]\d{0,15})$/;

/** Opaque to verifiers; any replica can read it. */
export function encodeRevocationCursor(cursor: RevocationCursor): string {
  return Buffer.from(`r1.${cursor.position}.${cursor.readAtMs}`).toString('base64url');
}

/** Throws `Refusal` `validation` at `/after`. */
export function decodeRevocationCursor(text: string): RevocationCursor {
  const content = FORMAT.test(text) ? CONTENT.exec(Buffer.from(text, 'base64url').toString('latin1')) : null;
  const position = Number(content?.[1]);
  const readAtMs = Number(content?.[2]);
  if (!Number.isSafeInteger(position) || !Number.isSafeInteger(readAtMs)) {
    throw new Refusal('validation', 'The query breaks the schema', {
      errors: [{ pointer: '/after', detail: 'expected the `next` of an earlier answer' }],
    });
  }
  return { position, readAtMs };
}

import { Refusal } from '@souk/contracts';

/** 1 to 255 visible ASCII characters. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * The canonical form of an Idempotency-Key: the header field is a structured string (`"abc"`), but most clients send the
 * bare form, so both are one key. Two such headers arrive joined by a comma and a space, which no key may hold.
 */
export function parseIdempotencyKey(header: string | undefined): string {
  if (header === undefined) {
    throw new Refusal('idempotency-key-missing', 'Expected an Idempotency-Key header of 1 to 255 visible characters');
  }
  const quoted = header.length >= 2 && header.startsWith('"') && header.endsWith('"');
  const key = quoted ? header.slice(1, -1) : header;
  if (!KEY.test(key)) {
    throw new Refusal('invalid-request', 'Expected one Idempotency-Key of 1 to 255 visible characters without spaces');
  }
  return key;
}

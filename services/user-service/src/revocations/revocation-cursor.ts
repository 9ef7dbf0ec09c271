import { Refusal } from '@souk/contracts';

/** How far a verifier has read: the highest position it was given, and the database's time of that reading. */
export interface RevocationCursor {
  position: number;
  readAtMs: number;
  /** Within an answer that was too long for one page. */
  page?: {
    /** The highest position told so far. */ told: number /** The database's time at its first page. */;
    startedAtMs: number;
  };
}

const FORMAT = /^[A-Za-z0-9_-]{1,128}$/;
const CONTENT = /^r1\.(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})(?:\.([1-9]\d{0,15})\.([1-9]\d{0,15}))?$/;

/** Opaque to verifiers; any replica can read it. */
export function encodeRevocationCursor({ position, readAtMs, page }: RevocationCursor): string {
  const within = page === undefined ? '' : `.${page.told}.${page.startedAtMs}`;
  return Buffer.from(`r1.${position}.${readAtMs}${within}`).toString('base64url');
}

/** Throws `Refusal` `validation` at `/after`. */
export function decodeRevocationCursor(text: string): RevocationCursor {
  const content = FORMAT.test(text) ? CONTENT.exec(Buffer.from(text, 'base64url').toString('latin1')) : null;
  const [position = Number.NaN, readAtMs = Number.NaN, told = 0, startedAtMs = 0] = (content ?? [])
    .slice(1)
    .flatMap((digits) => (digits === undefined ? [] : Number(digits)));
  if (![position, readAtMs, told, startedAtMs].every(Number.isSafeInteger)) {
    throw new Refusal('validation', 'The query breaks the schema', {
      errors: [{ pointer: '/after', detail: 'expected the `next` of an earlier answer' }],
    });
  }
  return { position, readAtMs, ...(told === 0 ? {} : { page: { told, startedAtMs } }) };
}

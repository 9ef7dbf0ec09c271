/**
 * Secrets leave a log line twice: fields by their name, before the line is written, and text by its shape, in the
 * finished line, because messages of libraries can quote what a client sent.
 */
const CENSOR = '[redacted]';

const SECRET_FIELDS: ReadonlySet<string> = new Set(
  (
    'authorization cookie set-cookie password currentPassword newPassword passwordHash token accessToken refreshToken ' +
    'sealedToken resetToken secret internalSecret apiKey paymentMethod email phone databaseUrl migrationDatabaseUrl amqpUrl redisUrl'
  ).split(' '),
);
const DEPTH_MAX = 4;

/** Copies what holds a secret field, at most four levels deep; hands back the same object when there is none. */
export function redactFields<T extends object>(fields: T, depth = 0): T {
  let copy: Record<string, unknown> | undefined;
  for (const key in fields) {
    const value: unknown = fields[key];
    let kept = value;
    if (SECRET_FIELDS.has(key)) kept = value === undefined || value === null ? value : CENSOR;
    else if (isWalkable(value) && depth < DEPTH_MAX) kept = redactFields(value, depth + 1);
    if (kept === value) continue;
    copy ??= (Array.isArray(fields) ? [...fields] : { ...fields }) as Record<string, unknown>;
    copy[key] = kept;
  }
  return (copy as T | undefined) ?? fields;
}

function isWalkable(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const JWT = /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){1,3}/g;
const BEARER = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*):[^\s/@"]+@/gi;
/** 256 bits in base64url: refresh and reset tokens. */
const OPAQUE_TOKEN = /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g;
/** Card numbers begin with 3 to 6, so that times in milliseconds (13 digits, 1…) pass. */
const CARD_NUMBER = /(?<![\d.])[3-6](?:[ -]?\d){12,18}(?![\d.])/g;

/** Removes tokens, passwords in URLs and card numbers from a text. */
export function redactText(text: string): string {
  let redacted = text;
  if (redacted.includes('eyJ')) redacted = redacted.replace(JWT, CENSOR);
  if (/bearer|basic/i.test(redacted)) redacted = redacted.replace(BEARER, `$1 ${CENSOR}`);
  if (redacted.includes('://')) redacted = redacted.replace(URL_PASSWORD, '$1:***@');
  redacted = redacted.replace(OPAQUE_TOKEN, (match) => (looksRandom(match) ? CENSOR : match));
  return redacted.replace(CARD_NUMBER, (match) => (hasLuhnCheckDigit(match) ? CENSOR : match));
}

/** A name of 43 characters has no mixture of upper case, lower case and digits. */
function looksRandom(text: string): boolean {
  return /[A-Z]/.test(text) && /[a-z]/.test(text) && /\d/.test(text);
}

/** ISO/IEC 7812: the check digit of card numbers. */
function hasLuhnCheckDigit(text: string): boolean {
  const digits = [...text].filter((character) => character >= '0' && character <= '9').map(Number);
  const sum = digits.reverse().reduce((total, digit, index) => {
    const doubled = index % 2 === 0 ? digit : digit * 2;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

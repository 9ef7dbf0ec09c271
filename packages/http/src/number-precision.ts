import type { FieldError } from '@souk/contracts';
import { pointerToken } from './json-inspection.ts';

/** Only such texts can hold a number that JavaScript reads as another one: 16 digits in a row, a fraction or an exponent. */
const SUSPICIOUS = /\d{16}|\d\.\d|\d[eE][+\-\d]/;
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const PLAIN = /^-?\d{1,15}$/;
const DECIMAL = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * The first number that lost digits while it was read (1.00000000000000000001 became 1), so that no schema can see it.
 * `value` is what the text was parsed to, and tells where the number stands.
 */
export function findRoundedNumber(text: string, value: unknown): FieldError | undefined {
  if (!SUSPICIOUS.test(text)) return undefined;
  let count = 0;
  let rounded: number | undefined;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith('"')) continue;
    if (rounded === undefined && !PLAIN.test(token) && !isExact(token)) rounded = count;
    count += 1;
  }
  if (rounded === undefined) return undefined;
  const pointers = numberPointers(value, '');
  // Duplicate keys make fewer numbers than tokens; then the place is not known.
  const pointer = pointers.length === count ? (pointers[rounded] ?? '') : '';
  return { pointer, detail: 'expected a number that can be kept without rounding' };
}

/** Whether the shortest decimal of what was read is what was written. */
function isExact(token: string): boolean {
  const value = Number(token);
  return Number.isFinite(value) && canonical(token) === canonical(String(value));
}

/** Digits without zeros at either end, and the power of ten they are multiplied with. */
function canonical(decimal: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(decimal) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

function numberPointers(value: unknown, pointer: string): string[] {
  if (typeof value === 'number') return [pointer];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => numberPointers(member, `${pointer}/${pointerToken(key)}`));
}

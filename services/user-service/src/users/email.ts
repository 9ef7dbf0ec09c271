import { domainToASCII } from 'node:url';
import { z } from 'zod';

/** RFC 5321 section 4.5.3.1.3: a path is at most 256 octets, so an address at most 254. Counted in code points here. */
const EMAIL_CODE_POINTS_MAX = 254;
const LOCAL_CODE_POINTS_MAX = 64;

// Letters and digits of any script (RFC 6531) and the atext of RFC 5322; no quoted local parts, no spaces, no controls.
const LOCAL = /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const DOMAIN =
  /^(?=.{1,253}$)[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?(?:[.．][\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?)+$/u;

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 1) return false;
  const local = text.slice(0, at);
  return [...local].length <= LOCAL_CODE_POINTS_MAX && LOCAL.test(local) && DOMAIN.test(text.slice(at + 1));
}

/** An e-mail address as a client sends it; kept and answered as it was typed. */
export const emailSchema = z
  .string()
  .max(EMAIL_CODE_POINTS_MAX * 2, `expected at most ${EMAIL_CODE_POINTS_MAX} characters`)
  .refine((text) => [...text].length <= EMAIL_CODE_POINTS_MAX, `expected at most ${EMAIL_CODE_POINTS_MAX} characters`)
  .refine(isEmail, 'expected an e-mail address such as name@shop.example')
  .meta({ format: 'email', example: 'customer@souk.example' });

function foldCase(text: string): string {
  // Upper before lower is the nearest to Unicode's full case folding that JavaScript has: ß, ss and ẞ meet in ss, the
  // dotless ı and the long ſ in i and s. A capital İ leaves a combining dot behind its i, which is dropped.
  return text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC').replaceAll('i\u0307', 'i');
}

/**
 * The form in which e-mail addresses are compared: one account each, whatever case, width or script variant of a letter
 * is typed. Dots and plus signs stay: what they mean is the business of the mailbox's provider.
 */
export function canonicalEmail(email: string): string {
  const folded = foldCase(email);
  const at = folded.lastIndexOf('@');
  const domain = folded.slice(at + 1);
  // Punycode and its Unicode spelling name one host (UTS 46).
  return `${folded.slice(0, at)}@${domainToASCII(domain) || domain}`;
}

import type { Address, Money } from '@souk/contracts';

const formats = new Map<string, Intl.NumberFormat>();

/** Minor units as people read them: `€19.99`, `¥1,200`. */
export function formatMoney({ amount, currency }: Money): string {
  let format = formats.get(currency);
  if (format === undefined) {
    format = new Intl.NumberFormat('en', { style: 'currency', currency });
    formats.set(currency, format);
  }
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}

const timeFormat = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

/** A point in time as people read it, in UTC because nobody knows where they are. */
export function formatTime(time: string): string {
  return `${timeFormat.format(new Date(time))} UTC`;
}

/** An address as its lines; blank ones left out. */
export function addressLines(address: Address): string[] {
  return [
    address.name,
    address.line1,
    address.line2 ?? '',
    [address.postalCode, address.city].filter((part) => part !== '').join(' '),
    address.country,
  ].filter((line) => line !== '');
}

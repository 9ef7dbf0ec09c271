import { isIP } from 'node:net';

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An IPv4 address that came over an IPv6 socket is an IPv4 address. */
export function normalizeAddress(address: string): string {
  return MAPPED_IPV4.exec(address)?.[1] ?? address.toLowerCase();
}

/**
 * The client's address. Each trusted proxy appends the address it saw to X-Forwarded-For, so with `hops` of them the
 * entry `hops` from the right is the last one that a trusted party wrote; everything left of it is the client's word.
 */
export function clientAddress(socketAddress: string, forwardedFor: string | undefined, hops: number): string {
  if (hops === 0 || forwardedFor === undefined) return normalizeAddress(socketAddress);
  const entries = forwardedFor.split(',');
  const entry = entries[Math.max(0, entries.length - hops)]?.trim() ?? '';
  return normalizeAddress(isIP(entry) === 0 ? socketAddress : entry);
}

/** What a limit counts as one address: an IPv4 address, or the /64 of an IPv6 one (a household holds a whole /64). */
export function addressKeyOf(address: string): string {
  const normalized = normalizeAddress(address);
  if (isIP(normalized) !== 6) return normalized;
  const [withoutZone = ''] = normalized.split('%');
  const [left = '', right] = withoutZone.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? 0 : Math.max(0, 8 - groupCountOf(head) - groupCountOf(tail));
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/** A dotted quad at the end of an IPv6 address stands for two groups. */
function groupCountOf(groups: readonly string[]): number {
  return groups.reduce((count, group) => count + (group.includes('.') ? 2 : 1), 0);
}

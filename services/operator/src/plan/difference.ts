/**
 * Whether a live object already has all that is desired of it. What others or defaults have added does not count: that is
 * how server-side apply sees ownership too. Applying only what differs is what keeps a settled Shop free of writes.
 */
export function hasAll(desired: unknown, live: unknown): boolean {
  if (Array.isArray(desired)) return hasAllItems(desired, Array.isArray(live) ? live : []);
  if (typeof desired === 'object' && desired !== null) {
    if (typeof live !== 'object' || live === null) return isEmpty(desired) && live === undefined;
    return Object.entries(desired).every(([key, value]) => hasAll(value, (live as Record<string, unknown>)[key]));
  }
  return desired === live || isSameQuantity(desired, live);
}

/** The API server leaves empty lists and objects out. */
function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

/** By these fields server-side apply merges lists; other lists are replaced as a whole. */
const LIST_KEYS = ['name', 'mountPath', 'uid'];

function hasAllItems(desired: readonly unknown[], live: readonly unknown[]): boolean {
  const key = LIST_KEYS.find(
    (field) => desired.length > 0 && desired.every((item) => fieldOf(item, field) !== undefined),
  );
  if (key === undefined)
    return desired.length === live.length && desired.every((item, index) => hasAll(item, live[index]));
  return desired.every((item) => {
    const found = live.find((other) => fieldOf(other, key) === fieldOf(item, key));
    return found !== undefined && hasAll(item, found);
  });
}

function fieldOf(item: unknown, field: string): unknown {
  return typeof item === 'object' && item !== null ? (item as Record<string, unknown>)[field] : undefined;
}

const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
};

function quantityOf(value: unknown): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(String(value)) ?? [];
  return digits === undefined ? undefined : Number(digits) * (FACTORS[unit] ?? 1);
}

/** "1000m" comes back as "1". */
function isSameQuantity(desired: unknown, live: unknown): boolean {
  if (typeof desired !== 'string' || typeof live !== 'string') return false;
  const quantity = quantityOf(desired);
  return quantity !== undefined && quantity === quantityOf(live);
}

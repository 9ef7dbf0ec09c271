import { idSchema } from '@souk/contracts';
import { foldText } from '../search/search-text.ts';

export const SLUG_PATTERN = /^[a-z0-9]+(-[a-z0-9]+)*$/;
export const SLUG_LENGTH_MAX = 80;

/** Room for `-` and twelve hexadecimal digits. */
const SUFFIX_LENGTH = 13;

/** Whether a path segment can only be an id: a slug never has that form. */
export function isIdForm(text: string): boolean {
  return idSchema.safeParse(text).success;
}

/**
 * The slugs to try for a new product, best first: from its name, else from its sku (names in other scripts), then with the
 * end of its id, which nobody else has.
 */
export function slugCandidates(product: { id: string; name: string; sku: string }): string[] {
  const stem = slugOf(product.name) || slugOf(product.sku) || 'product';
  const best = isIdForm(stem) ? `product-${stem}` : stem;
  const tail = product.id.replaceAll('-', '').slice(-12);
  return [best, `${trim(best.slice(0, SLUG_LENGTH_MAX - SUFFIX_LENGTH))}-${tail}`];
}

function slugOf(text: string): string {
  const plain = foldText(text)
    .replace(/['’]/g, '')
    .replace(/[^a-z0-9]+/g, '-');
  return trim(trim(plain).slice(0, SLUG_LENGTH_MAX));
}

function trim(text: string): string {
  return text.replace(/^-+|-+$/g, '');
}

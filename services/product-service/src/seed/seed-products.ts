import assert from 'node:assert';
import type { MotifName, PictureSubject } from '../media/picture.ts';
import { KITCHEN } from './products-kitchen.ts';
import { LEISURE } from './products-leisure.ts';
import { TECHNOLOGY } from './products-technology.ts';

export interface SeedCategory {
  slug: string;
  name: string;
  parent: string | null;
}

export interface SeedProduct extends PictureSubject {
  category: string;
  priceAmount: number;
  stock: number;
  description: string;
}

/** Parents before their children. */
export const SEED_CATEGORIES: readonly SeedCategory[] = [
  { slug: 'electronics', name: 'Electronics', parent: null },
  { slug: 'audio', name: 'Audio', parent: 'electronics' },
  { slug: 'computing', name: 'Computing', parent: 'electronics' },
  { slug: 'home', name: 'Home & Living', parent: null },
  { slug: 'lighting', name: 'Lighting', parent: 'home' },
  { slug: 'kitchen', name: 'Kitchen', parent: 'home' },
  { slug: 'coffee-tea', name: 'Coffee & Tea', parent: 'kitchen' },
  { slug: 'outdoors', name: 'Outdoors', parent: null },
  { slug: 'cycling', name: 'Cycling', parent: 'outdoors' },
  { slug: 'fashion', name: 'Clothing & Bags', parent: null },
  { slug: 'toys', name: 'Toys & Games', parent: null },
  { slug: 'stationery', name: 'Books & Stationery', parent: null },
];

export const SEED_PRODUCTS: readonly SeedProduct[] = [TECHNOLOGY, KITCHEN, LEISURE].flatMap(parseProducts);

const bySku = new Map(SEED_PRODUCTS.map((product) => [product.sku, product]));

/** What is to be drawn for a sku of the demonstration catalogue. */
export function pictureOf(sku: string): PictureSubject | undefined {
  return bySku.get(sku);
}

function parseProducts(text: string): SeedProduct[] {
  let category = '';
  return text.split('\n').flatMap((row) => {
    if (row.startsWith('# ')) category = row.slice(2);
    if (!row.includes(' | ')) return [];
    const [sku = '', name = '', price, stock, motif, hue, description] = row.split(' | ');
    assert(description !== undefined, `seven columns for ${sku}`);
    return {
      sku,
      name,
      category,
      description,
      priceAmount: Number(price),
      stock: Number(stock),
      motif: motif as MotifName,
      hue: Number(hue),
    };
  });
}

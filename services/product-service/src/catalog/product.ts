import type { Money } from '@souk/contracts';

/** A product on sale, with what is available of it. */
export interface Product {
  id: string;
  sku: string;
  slug: string;
  name: string;
  description: string;
  category: string;
  price: Money;
  imageUrl: string | null;
  available: number;
  version: number;
  inventoryVersion: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A product as the API answers it. */
export interface ProductAnswer {
  id: string;
  sku: string;
  slug: string;
  name: string;
  description: string;
  category: string;
  price: Money;
  imageUrl: string | null;
  available: number;
  version: number;
  createdAt: string;
  updatedAt: string;
}

export function toProductAnswer(product: Product): ProductAnswer {
  return {
    id: product.id,
    sku: product.sku,
    slug: product.slug,
    name: product.name,
    description: product.description,
    category: product.category,
    price: product.price,
    imageUrl: product.imageUrl,
    available: product.available,
    version: product.version,
    createdAt: product.createdAt.toISOString(),
    updatedAt: product.updatedAt.toISOString(),
  };
}

/** The tag changes with the product and with its stock, so that a cached page never shows an old `available`. */
export function productEtag(product: { version: number; inventoryVersion: number }): string {
  return `${product.version}-${product.inventoryVersion}`;
}

export interface ProductRow {
  id: string;
  sku: string;
  slug: string;
  name: string;
  description: string;
  category: string;
  price_amount: number;
  currency: string;
  image_url: string | null;
  version: number;
  created_at: Date;
  updated_at: Date;
  available: number;
  inventory_version: number;
}

/** The columns of a ProductRow, from `products p JOIN inventory v`. */
export const PRODUCT_COLUMNS = `p.id, p.sku, p.slug, p.name, p.description, p.category, p.price_amount, p.currency, p.image_url,
  p.version, p.created_at, p.updated_at, v.on_hand - v.reserved AS available, v.version AS inventory_version`;

export function toProduct(row: ProductRow): Product {
  return {
    id: row.id,
    sku: row.sku,
    slug: row.slug,
    name: row.name,
    description: row.description,
    category: row.category,
    price: { amount: row.price_amount, currency: row.currency },
    imageUrl: row.image_url,
    available: row.available,
    version: row.version,
    inventoryVersion: row.inventory_version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

import { describe, expect, it } from 'vitest';
import { slugCandidates } from '../catalog/slug.ts';
import { drawPicture } from '../media/picture.ts';
import { pictureOf, SEED_CATEGORIES, SEED_PRODUCTS } from './seed-products.ts';

describe('the demonstration catalogue', () => {
  it('has at least 120 products in 12 categories, some of them nested', () => {
    expect(SEED_PRODUCTS.length).toBeGreaterThanOrEqual(120);
    expect(SEED_CATEGORIES).toHaveLength(12);
    expect(SEED_CATEGORIES.filter(({ parent }) => parent !== null).length).toBeGreaterThan(3);
    const used = new Set(SEED_PRODUCTS.map(({ category }) => category));
    expect(used).toEqual(new Set(SEED_CATEGORIES.map(({ slug }) => slug)));
  });

  it('gives every product a sku, a name and an address of its own', () => {
    for (const key of [
      SEED_PRODUCTS.map(({ sku }) => sku),
      SEED_PRODUCTS.map(({ name }) => name),
      SEED_PRODUCTS.map(({ name, sku }) => slugCandidates({ id: 'x', name, sku })[0]),
    ])
      expect(new Set(key).size).toBe(SEED_PRODUCTS.length);
  });

  it.each(SEED_PRODUCTS.map((product) => [product.sku, product]))('has %s whole', (_, product) => {
    expect(product.priceAmount).toBeGreaterThan(0);
    expect(product.stock).toBeGreaterThanOrEqual(0);
    expect(product.hue).toBeGreaterThanOrEqual(0);
    expect(product.description.length).toBeGreaterThan(60);
    expect(product.description).not.toContain('|');
    const svg = drawPicture(product);
    expect(svg).toBe(drawPicture({ ...product }));
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 600 600"/);
    expect(svg).not.toMatch(/undefined|NaN|<script|href/);
    expect(svg.match(/<(?!\/|[a-z]+[^>]*\/>)[a-z]+/gi)?.length).toBe(svg.match(/<\//g)?.length);
  });

  it('draws no two products alike', () => {
    expect(new Set(SEED_PRODUCTS.map(drawPicture)).size).toBe(SEED_PRODUCTS.length);
    expect(pictureOf('NOPE-1')).toBeUndefined();
  });
});

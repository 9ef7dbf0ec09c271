import { expect, it } from 'vitest';
import { isIdForm, SLUG_PATTERN, slugCandidates } from './slug.ts';

const ID = '01a095ea-fb00-7d05-8439-08597e935186';

it.each([
  ["Santoku Chef's Knife 18 cm", 'santoku-chefs-knife-18-cm'],
  ['  Übergröße — XXL!  ', 'ubergrosse-xxl'],
  ['Vista 27" 4K', 'vista-27-4k'],
  ['灯笼', 'lamp-1'],
])('makes of %s the address %s', (name, slug) => {
  expect(slugCandidates({ id: ID, name, sku: 'LAMP 1' })[0]).toBe(slug);
});

it('never makes an address in the form of an id, or of nothing', () => {
  expect(slugCandidates({ id: ID, name: ID, sku: 'X' })[0]).toBe(`product-${ID}`);
  expect(slugCandidates({ id: ID, name: '灯', sku: '笼' })).toEqual(['product', 'product-08597e935186']);
});

it('keeps every address within its form and length', () => {
  for (const name of ['x'.repeat(200), `${'ab '.repeat(60)}`, 'a-'.repeat(100), `${'é'.repeat(79)}-b`]) {
    for (const slug of slugCandidates({ id: ID, name, sku: 'S' })) {
      expect(slug).toMatch(SLUG_PATTERN);
      expect(slug.length).toBeLessThanOrEqual(80);
      expect(isIdForm(slug)).toBe(false);
    }
  }
});

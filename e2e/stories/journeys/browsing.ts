import { describe, expect, it } from 'vitest';
import { aPasserBy } from '../../src/visitor.ts';
import { refusal, type Stage } from './stage.ts';

/** Somebody without an account looks around. */
export function browsing(stage: () => Stage): void {
  describe('browsing', () => {
    it('shows a passer-by what there is, shelf by shelf', async () => {
      const visitor = aPasserBy(stage().platform);
      const { items: categories } = await visitor.call('listCategories');
      const shelf = categories.find(({ parent, productCount }) => parent !== null && productCount > 2);
      const found = await visitor.call('listProducts', { query: { category: shelf?.slug, limit: 100 } });
      expect(found.total).toBe(shelf?.productCount);
      expect(found.items.every(({ available, price }) => available >= 0 && price.amount > 0)).toBe(true);
    });

    it('lets nobody see a product twice or miss one on the way through the catalog', async () => {
      const visitor = aPasserBy(stage().platform);
      const { total } = await visitor.call('listProducts', { query: { limit: 1 } });
      const seen: string[] = [];
      for await (const { id } of visitor.client.items('listProducts', { query: { limit: 37 } })) seen.push(id);
      expect(seen).toHaveLength(total);
      expect(new Set(seen).size).toBe(total);
    });

    it('finds what was meant, also half typed and mistyped, cheapest first', async () => {
      const visitor = aPasserBy(stage().platform);
      const [product] = (await visitor.call('listProducts', { query: { q: 'lamp' } })).items;
      expect(product?.name.toLowerCase()).toContain('lamp');
      for (const q of ['lam', 'lmap']) {
        expect((await visitor.call('listProducts', { query: { q } })).total).toBeGreaterThan(0);
      }
      const query = { sort: 'price', maxPrice: 5_000, inStock: 'true' } as const;
      const prices = (await visitor.call('listProducts', { query })).items.map(({ price }) => price.amount);
      expect(prices).toEqual([...prices].sort((a, b) => a - b));
      expect(prices.at(-1)).toBeLessThanOrEqual(5_000);
    });

    it('opens a product by its address, with its picture', async () => {
      const { platform } = stage();
      const visitor = aPasserBy(platform);
      const [first] = (await visitor.call('listProducts')).items;
      const product = await visitor.call('getProduct', { path: { id: first?.slug ?? '' } });
      expect(product).toEqual(first);
      const picture = await fetch(new URL(product.imageUrl ?? '', platform.gatewayUrl));
      expect([picture.status, picture.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^image\//)]);
    });

    it('asks who one is before a cart is filled', async () => {
      const visitor = aPasserBy(stage().platform);
      await refusal(visitor.call('getCart'), 'unauthorized');
    });
  });
}

import { randomUUID } from 'node:crypto';
import type { Category, Product } from '@souk/client';
import { beforeAll, describe, expect, it } from 'vitest';
import { aPasserBy, aShopper } from '../../src/visitor.ts';
import { aProduct, refusal, type Stage, stockOf } from './stage.ts';

async function aShelf({ shopkeeper }: Stage): Promise<Category> {
  const slug = `story-shelf-${randomUUID().slice(0, 8)}`;
  return shopkeeper.call('createCategory', { body: { slug, name: 'Story shelf' } });
}

/** What the shopkeeper changes, seen by the next visitor. */
export function keepingTheShop(stage: () => Stage): void {
  describe('keeping the shop', () => {
    let slug: string;
    let product: Product;

    it('opens a shelf and puts something on it, there for the next who looks', async () => {
      const { shopkeeper, platform } = stage();
      const visitor = aPasserBy(platform);
      slug = (await aShelf(stage())).slug;
      await refusal(shopkeeper.call('createCategory', { body: { slug, name: 'Again' } }), 'category-exists');
      product = await aProduct(stage(), { category: slug, amount: 1_000, stock: 6 });
      const shelf = await visitor.call('listProducts', { query: { category: slug } });
      expect(shelf.items).toEqual([product]);
      const { items } = await visitor.call('listCategories');
      expect(items.find((category) => category.slug === slug)?.productCount).toBe(1);
    });

    it('changes the price, and nobody sees or pays the old one', async () => {
      const { shopkeeper, platform } = stage();
      const change = { path: { id: product.id }, body: { price: { amount: 1_500, currency: 'EUR' } } };
      const changed = await shopkeeper.call('updateProduct', { ...change, ifMatch: product.version });
      const visitor = aPasserBy(platform);
      expect((await visitor.call('getProduct', { path: change.path })).price).toEqual(change.body.price);
      expect((await visitor.call('listProducts', { query: { category: slug } })).items).toEqual([changed]);
      await refusal(shopkeeper.call('updateProduct', { ...change, ifMatch: product.version }), 'precondition-failed');
      const order = await (await aShopper(platform)).buy(product);
      expect(order.total.amount).toBe(1_500);
    });

    it('hears when the shelf runs low', async () => {
      const { platform } = stage();
      const isTold = async () =>
        (await platform.mails()).some((mail) => mail.template === 'low-stock' && mail.text.includes(product.sku));
      await expect.poll(isTold, { timeout: 15_000 }).toBe(true);
    });

    it('is not for customers', async () => {
      const shopper = await aShopper(stage().platform);
      await refusal(shopper.call('createCategory', { body: { slug: 'mine', name: 'Mine' } }), 'forbidden');
      await refusal(shopper.call('listUsers'), 'forbidden');
    });
  });
}

/** Stock is counted, and a shelf cleared away. */
export function clearingAShelf(stage: () => Stage): void {
  describe('clearing a shelf', () => {
    let shelf: Category;
    let product: Product;
    beforeAll(async () => {
      shelf = await aShelf(stage());
      product = await aProduct(stage(), { category: shelf.slug, stock: 6 });
      await (await aShopper(stage().platform)).buy(product);
    });

    it('begins with counting, and says why the numbers change', async () => {
      const { shopkeeper, platform } = stage();
      const path = { id: product.id };
      await expect
        .poll(() => stockOf(stage(), product), { timeout: 15_000 })
        .toEqual({ onHand: 5, reserved: 0, available: 5 });
      await shopkeeper.call('adjustStock', { path, body: { delta: 20, reason: 'Delivery' } });
      const tooFew = shopkeeper.call('adjustStock', { path, body: { delta: -26, reason: 'Miscounted' } });
      await refusal(tooFew, 'insufficient-stock');
      const { items } = await shopkeeper.call('listMovements', { path });
      expect(items.map(({ delta }) => delta)).toEqual([20, -1, 6]);
      expect((await aPasserBy(platform).call('getProduct', { path })).available).toBe(25);
    });

    it('sets the count anew, over the count that was read', async () => {
      const { shopkeeper } = stage();
      const path = { id: product.id };
      const { version } = await shopkeeper.call('getInventory', { path });
      const set = await shopkeeper.call('setOnHand', { path, ifMatch: version, body: { onHand: 9 } });
      expect(set).toMatchObject({ onHand: 9, available: 9 });
      const stale = shopkeeper.call('setOnHand', { path, ifMatch: version, body: { onHand: 8 } });
      await refusal(stale, 'precondition-failed');
    });

    it('takes the product out of every cart, and then the shelf away', async () => {
      const { shopkeeper, platform } = stage();
      const shopper = await aShopper(platform);
      await shopper.call('putCartItem', { path: { productId: product.id }, body: { quantity: 1 } });
      const clear = () => shopkeeper.call('deleteCategory', { path: { slug: shelf.slug }, ifMatch: shelf.version });
      await refusal(clear(), 'category-not-empty');
      await shopkeeper.call('deleteProduct', { path: { id: product.id }, ifMatch: product.version });
      await refusal(shopper.call('getProduct', { path: { id: product.id } }), 'not-found');
      expect(await shopper.call('getCart')).toMatchObject({ items: [{ available: 0 }], total: { amount: 0 } });
      await refusal(shopper.order(product, { paymentMethod: 'tok_ok' }), 'validation');
      await clear();
    });
  });
}

import { randomUUID } from 'node:crypto';
import type { Product } from '@souk/client';
import { runDeadLetters } from '@souk/operations';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { select } from '../../src/ledger.ts';
import { aPasserBy, aShopper, PASSWORD } from '../../src/visitor.ts';
import { aProduct, refusal, type Stage, stockOf } from './stage.ts';

/** What the shopkeeper does, seen by the next visitor. */
export function shopkeeping(stage: () => Stage): void {
  describe('keeping the shop', () => {
    const slug = `story-shelf-${randomUUID().slice(0, 8)}`;
    let product: Product;

    it('opens a shelf and puts something on it, there for the next who looks', async () => {
      const { shopkeeper, platform } = stage();
      const visitor = aPasserBy(platform);
      await shopkeeper.call('createCategory', { body: { slug, name: 'Story shelf' } });
      await refusal(shopkeeper.call('createCategory', { body: { slug, name: 'Again' } }), 'category-exists');
      product = await aProduct(stage(), { category: slug, amount: 1_000, stock: 6 });
      const shelf = await visitor.call('listProducts', { query: { category: slug } });
      expect(shelf.items).toEqual([product]);
      const { items } = await visitor.call('listCategories');
      expect(items.find((category) => category.slug === slug)?.productCount).toBe(1);
    });

    it('changes the price, and nobody sees or pays the old one', async () => {
      const { shopkeeper, platform } = stage();
      const body = { price: { amount: 1_500, currency: 'EUR' } };
      const changed = await shopkeeper.call('updateProduct', {
        path: { id: product.id },
        ifMatch: product.version,
        body,
      });
      const visitor = aPasserBy(platform);
      expect((await visitor.call('getProduct', { path: { id: product.id } })).price).toEqual(body.price);
      expect((await visitor.call('listProducts', { query: { category: slug } })).items).toEqual([changed]);
      const stale = shopkeeper.call('updateProduct', { path: { id: product.id }, ifMatch: product.version, body });
      await refusal(stale, 'precondition-failed');
      const order = await (await aShopper(platform)).buy(product);
      expect(order.total.amount).toBe(1_500);
      product = changed;
    });

    it('hears when the shelf runs low', async () => {
      const { platform } = stage();
      await expect
        .poll(
          async () =>
            (await platform.mails()).some((mail) => mail.template === 'low-stock' && mail.text.includes(product.sku)),
          {
            timeout: 15_000,
          },
        )
        .toBe(true);
    });

    it('counts the stock again and writes down why', async () => {
      const { shopkeeper } = stage();
      const path = { id: product.id };
      await expect
        .poll(() => stockOf(stage(), product), { timeout: 15_000 })
        .toEqual({ onHand: 5, reserved: 0, available: 5 });
      await shopkeeper.call('adjustStock', { path, body: { delta: 20, reason: 'Delivery' } });
      const tooFew = shopkeeper.call('adjustStock', { path, body: { delta: -26, reason: 'Miscounted' } });
      await refusal(tooFew, 'insufficient-stock');
      const { items } = await shopkeeper.call('listMovements', { path });
      expect(items.map(({ delta }) => delta)).toEqual([20, -1, 6]);
      expect((await aPasserBy(stage().platform).call('getProduct', { path })).available).toBe(25);
    });

    it('takes it off the shelf, out of every cart, and the shelf away', async () => {
      const { shopkeeper, platform } = stage();
      const shopper = await aShopper(platform);
      await shopper.call('putCartItem', { path: { productId: product.id }, body: { quantity: 1 } });
      const { version = 0 } = (await shopkeeper.call('listCategories')).items.find((each) => each.slug === slug) ?? {};
      await refusal(shopkeeper.call('deleteCategory', { path: { slug }, ifMatch: version }), 'category-not-empty');
      await shopkeeper.call('deleteProduct', { path: { id: product.id }, ifMatch: product.version });
      await refusal(shopper.call('getProduct', { path: { id: product.id } }), 'not-found');
      expect(await shopper.call('getCart')).toMatchObject({ items: [{ available: 0 }], total: { amount: 0 } });
      await refusal(shopper.order(product, { paymentMethod: 'tok_ok' }), 'validation');
      await shopkeeper.call('deleteCategory', { path: { slug }, ifMatch: version });
    });

    it('is not for customers', async () => {
      const shopper = await aShopper(stage().platform);
      await refusal(shopper.call('createCategory', { body: { slug: 'mine', name: 'Mine' } }), 'forbidden');
      await refusal(shopper.call('listUsers'), 'forbidden');
    });
  });

  describe('a message that was given up', () => {
    let eventId: string;

    const operate = async (...args: string[]) => {
      const lines: string[] = [];
      const terminal = {
        env: {
          SOUK_URL: stage().platform.gatewayUrl,
          SOUK_ADMIN_EMAIL: 'admin@souk.example',
          SOUK_ADMIN_PASSWORD: PASSWORD,
        },
        out: (text: string) => void lines.push(text),
        err: (text: string) => void lines.push(text),
      };
      const code = await runDeadLetters(args, terminal);
      return { code, text: lines.join('\n') };
    };
    const idIn = async () =>
      (JSON.parse((await operate('list', 'notification-service', '--json')).text) as { id: string }[])[0]?.id ?? '';
    const plant = async () => {
      const { platform } = stage();
      const [event] = await select<{ id: string; body: string }>(
        platform,
        'orders',
        `SELECT id, body FROM outbox WHERE type = 'order.completed' ORDER BY position DESC LIMIT 1`,
      );
      eventId = event?.id ?? '';
      const client = new pg.Client({ connectionString: platform.databaseUrl('notifications') });
      await client.connect();
      await client.query(
        `INSERT INTO dead_letters (id, message_id, type, reason, attempts, content_type, headers, body)
         VALUES ($1, $2, 'order.completed', 'The story wanted it so', 5, 'application/cloudevents+json', '{}', $3)`,
        [randomUUID(), eventId, Buffer.from(event?.body ?? '')],
      );
      await client.end();
    };

    beforeAll(async () => {
      await (await aShopper(stage().platform)).buy(await aProduct(stage()));
      await plant();
    });

    it('is found and read from the command line', async () => {
      const list = await operate('list');
      expect(list).toMatchObject({
        code: 0,
        text: expect.stringMatching(/notification-service .* order\.completed .* The story wanted it so/),
      });
      const shown = await operate('show', 'notification-service', await idIn());
      expect(shown).toMatchObject({ code: 0, text: expect.stringContaining(eventId) });
    });

    it('is sent on its way again, without telling anybody twice', async () => {
      const mailsBefore = (await stage().platform.mails()).length;
      const id = await idIn();
      expect(await operate('redrive', 'notification-service', id)).toEqual({ code: 0, text: '1 redriven' });
      expect(await operate('list', 'notification-service')).toEqual({ code: 0, text: 'No dead letters' });
      expect(await operate('redrive', 'notification-service', id)).toMatchObject({
        code: 1,
        text: expect.stringContaining('not-found'),
      });
      expect((await stage().platform.mails()).length).toBe(mailsBefore);
    });

    it('is dropped where nobody needs it, but never all by accident', async () => {
      await plant();
      expect((await operate('drop', 'notification-service')).code).toBe(2);
      expect(await operate('drop', 'notification-service', '--all')).toEqual({ code: 0, text: '1 dropped' });
      expect(await operate('list')).toEqual({ code: 0, text: 'No dead letters' });
    });
  });
}

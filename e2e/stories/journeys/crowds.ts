import { isProblem } from '@souk/client';
import { describe, expect, it } from 'vitest';
import { aShopper, HOME, type Visitor } from '../../src/visitor.ts';
import { aProduct, type Stage, stockOf } from './stage.ts';

const CROWD = 60;

/** One person, twice at the same moment. */
export function twoTabs(stage: () => Stage): void {
  describe('two tabs with one cart', () => {
    it('order it once, however often it is ordered', async () => {
      const left = await aShopper(stage().platform);
      const right = await left.inAnotherTab();
      const teapot = await aProduct(stage(), { stock: 10 });
      await left.call('putCartItem', { path: { productId: teapot.id }, body: { quantity: 2 } });
      expect((await right.call('getCart')).items).toMatchObject([{ productId: teapot.id, quantity: 2 }]);

      const order = (tab: Visitor) =>
        tab.call('placeOrder', { body: { shippingAddress: HOME, paymentMethod: 'tok_ok' } }).then(
          ({ id }) => ({ id }),
          (error: unknown) => (isProblem(error) ? { refused: error.slug } : { failed: error }),
        );
      const outcomes = await Promise.all([order(left), order(right)]);
      const placed = outcomes.flatMap((outcome) => ('id' in outcome ? [outcome.id] : []));
      expect(placed).toHaveLength(1);
      const refused = outcomes.flatMap((outcome) => ('refused' in outcome ? [outcome.refused] : []));
      expect([['conflict'], ['cart-empty']]).toContainEqual(refused);

      await left.orderWhen(placed[0] ?? '', { status: 'completed' });
      expect((await right.call('listOrders')).total).toBe(1);
      expect((await left.call('getCart')).items).toEqual([]);
      await expect
        .poll(() => stockOf(stage(), teapot), { timeout: 15_000 })
        .toEqual({ onHand: 8, reserved: 0, available: 8 });
    });
  });
}

/** Sixty people at the same moment. */
export function theLastItem(stage: () => Stage): void {
  describe(`the last item wanted by ${CROWD} people`, () => {
    it('goes to one of them, and the others are told at once', async () => {
      const treasure = await aProduct(stage(), { stock: 1, name: 'The last teapot' });
      const crowd: Visitor[] = [];
      // Six at a time: passwords are hashed two at a time.
      while (crowd.length < CROWD) {
        crowd.push(...(await Promise.all(Array.from({ length: 6 }, () => aShopper(stage().platform)))));
      }
      const outcomes = await Promise.all(
        crowd.map((person) =>
          person.order(treasure, { paymentMethod: 'tok_ok' }).then(
            ({ id }) => ({ person, id }),
            (error: unknown) => {
              if (isProblem(error, 'out-of-stock')) return undefined;
              throw error;
            },
          ),
        ),
      );
      const winners = outcomes.filter((outcome) => outcome !== undefined);
      expect(winners).toHaveLength(1);
      const [winner] = winners;
      await winner?.person.orderWhen(winner.id, { status: 'completed', paymentStatus: 'captured' });
      await expect
        .poll(() => stockOf(stage(), treasure), { timeout: 15_000 })
        .toEqual({ onHand: 0, reserved: 0, available: 0 });
      await winner?.person.mail('confirmation');
    });
  });
}

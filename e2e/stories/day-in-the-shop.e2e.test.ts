import { openShopDatabases, reconcile } from '@souk/operations';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPlatform } from '../src/index.ts';
import { databaseUrlsOf } from '../src/ledger.ts';
import { MODES, type Platform } from '../src/platform.ts';
import { theShopkeeper, type Visitor } from '../src/visitor.ts';
import { aForgottenPassword, leavingForGood } from './journeys/accounts.ts';
import { browsing } from './journeys/browsing.ts';
import { aDeclinedCard, buyingTheCart, payingLater } from './journeys/buying.ts';
import { aRefund, cancelling, shipping } from './journeys/changing-minds.ts';
import { theLastItem, twoTabs } from './journeys/crowds.ts';
import { aMessageGivenUp } from './journeys/operating.ts';
import { clearingAShelf, keepingTheShop } from './journeys/shopkeeping.ts';

// One platform for all stories of a mode: starting one takes longer than most of them.
describe.each(MODES)('a day in the shop, %s', (mode) => {
  let platform: Platform;
  let shopkeeper: Visitor;
  const stage = () => ({ platform, shopkeeper });

  beforeAll(async () => {
    platform = await startPlatform(mode);
    shopkeeper = await theShopkeeper(platform);
  });
  afterAll(() => platform?.stop());

  browsing(stage);
  buyingTheCart(stage);
  payingLater(stage);
  aDeclinedCard(stage);
  cancelling(stage);
  aRefund(stage);
  shipping(stage);
  aForgottenPassword(stage);
  leavingForGood(stage);
  twoTabs(stage);
  theLastItem(stage);
  keepingTheShop(stage);
  clearingAShelf(stage);
  aMessageGivenUp(stage);

  describe('at closing time', () => {
    it('adds up: orders, stock, money, the books of the provider, and what was told', async () => {
      const databases = openShopDatabases(databaseUrlsOf(platform));
      try {
        const results = await reconcile({ databases, patienceMs: 5_000, settleMs: 20_000 });
        expect(results.filter(({ discrepancies }) => discrepancies.length > 0)).toEqual([]);
      } finally {
        await databases.close();
      }
    });

    it('has met no surprise', () => {
      const lines = platform.logs().split('\n');
      expect(lines.some((line) => line.includes('"level":"info"'))).toBe(true);
      expect(
        lines.filter((line) => /"level":"(error|fatal)"|Unhandled rejection|Uncaught exception/.test(line)),
      ).toEqual([]);
    });
  });
});

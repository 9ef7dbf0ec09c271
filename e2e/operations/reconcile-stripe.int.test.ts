import { openShopDatabases, openStripeBooks, reconcile, runReconcile, type ShopDatabases } from '@souk/operations';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type StripeBooksStub, startStripeBooksStub } from './stripe-books-stub.ts';
import { type WrittenShop, writeShop } from './written-shop.ts';

const PROVIDER_RULES = ['payment-at-provider', 'charged-once-at-provider', 'refund-at-provider'];
const A_MINUTE_AGO = () => Math.floor(Date.now() / 1_000) - 60;

let shop: WrittenShop;
let databases: ShopDatabases;
let stripe: StripeBooksStub;

beforeAll(async () => {
  stripe = await startStripeBooksStub();
  shop = await writeShop();
  databases = openShopDatabases(shop.urls);
});
afterAll(async () => {
  await databases.close();
  await shop.drop();
  await stripe.stop();
});

const intent = (id: string, paid: { id: string; paymentId: string }, more: object = {}) => ({
  ...{ id, object: 'payment_intent', status: 'succeeded', amount_received: 1_000, currency: 'eur' },
  ...{ metadata: { payment_id: paid.paymentId, order_id: paid.id }, created: A_MINUTE_AGO() },
  ...more,
});
const refund = (id: string, charge: string, amount: number) => ({
  ...{ id, object: 'refund', status: 'succeeded', payment_intent: charge, amount, created: A_MINUTE_AGO() },
});

/** The same books, but the provider is Stripe and keeps its own. */
beforeEach(async () => {
  await shop.writeAgain();
  await shop.run('payments', 'TRUNCATE sandbox_ledger');
  for (const [reference, { paymentId }] of [
    ['pi_completed', shop.completed],
    ['pi_refunded', shop.refunded],
  ] as const) {
    await shop.run('payments', `UPDATE payments SET provider_reference = '${reference}' WHERE id = '${paymentId}'`);
  }
  await shop.run('payments', `UPDATE refunds SET provider_reference = 're_1'`);
  stripe.intents = [intent('pi_completed', shop.completed), intent('pi_refunded', shop.refunded)];
  stripe.refunds = [refund('re_1', 'pi_refunded', 100)];
  stripe.pages = 0;
});

async function findings(): Promise<string[]> {
  const provider = openStripeBooks({ apiKey: stripe.apiKey, apiBase: stripe.url });
  const results = await reconcile({ databases, provider, patienceMs: 1_000, settleMs: 0 });
  return results.filter(({ discrepancies }) => discrepancies.length > 0).map(({ name }) => name);
}

const PLANTS: [story: string, plant: () => Promise<void> | void, noticedBy: string[]][] = [
  ['a charge is not in the books', () => void stripe.intents.shift(), ['payment-at-provider']],
  [
    'another amount was charged',
    () => void Object.assign(stripe.intents[0] ?? {}, { amount_received: 999 }),
    ['payment-at-provider'],
  ],
  [
    'a charge is for another order',
    () =>
      void Object.assign(stripe.intents[0] ?? {}, {
        metadata: { payment_id: shop.completed.paymentId, order_id: 'x' },
      }),
    ['payment-at-provider'],
  ],
  [
    'an order was charged twice',
    () => void stripe.intents.push(intent('pi_again', shop.completed)),
    ['payment-at-provider', 'charged-once-at-provider'],
  ],
  [
    'a declined payment was charged after all',
    () => void stripe.intents.push(intent('pi_late', shop.cancelled)),
    ['payment-at-provider'],
  ],
  ['a refund is not in the books', () => void stripe.refunds.shift(), ['refund-at-provider']],
  [
    'another amount was given back',
    () => void Object.assign(stripe.refunds[0] ?? {}, { amount: 99 }),
    ['refund-at-provider'],
  ],
  [
    'somebody gave money back by hand',
    () => void stripe.refunds.push(refund('re_by_hand', 'pi_completed', 5)),
    ['refund-at-provider'],
  ],
];

describe('reconcile with Stripe', () => {
  test('finds nothing where the books agree, whatever else the account holds', async () => {
    stripe.intents.push(
      intent('pi_other', { id: '', paymentId: '' }, { metadata: {} }),
      intent('pi_declined', shop.cancelled, { status: 'requires_payment_method' }),
    );
    stripe.refunds.push(refund('re_other', 'pi_other', 1));
    expect(await findings()).toEqual([]);
  });

  test.each(PLANTS)('notices when %s', async (_story, plant, noticedBy) => {
    await plant();
    expect((await findings()).sort()).toEqual([...noticedBy].sort());
  });

  test('has no rule that nothing planted here would break', () => {
    expect(new Set(PLANTS.flatMap(([, , names]) => names))).toEqual(new Set(PROVIDER_RULES));
  });

  test('gives what was charged just now its time, and reads every page', async () => {
    const now = Math.floor(Date.now() / 1_000);
    stripe.intents.push(intent('pi_now', shop.cancelled, { created: now + 5 }));
    for (let count = 0; count < 250; count += 1) {
      stripe.intents.push(intent(`pi_other_${count}`, shop.completed, { metadata: {} }));
    }
    expect(await findings()).toEqual([]);
    expect(stripe.pages).toBeGreaterThanOrEqual(2 * 3 + 1);
  });
});

describe('npm run reconcile with Stripe', () => {
  const run = async (env: Record<string, string>) => {
    const lines: string[] = [];
    const urls = Object.entries(shop.urls).map(([name, url]) => [`${name.toUpperCase()}_DATABASE_URL`, url]);
    const terminal = {
      env: { ...Object.fromEntries(urls), PAYMENT_PROVIDER: 'stripe', STRIPE_API_BASE: stripe.url, ...env },
      out: (text: string) => void lines.push(text),
      err: (text: string) => void lines.push(text),
    };
    return {
      code: await runReconcile(['--patience-ms', '1000', '--settle-ms', '0'], terminal),
      text: lines.join('\n'),
    };
  };

  test('reads the books with the key of payment-service', async () => {
    const { code, text } = await run({ STRIPE_API_KEY: stripe.apiKey });
    expect([code, text]).toEqual([0, expect.stringContaining('ok   payment-at-provider: ')]);
    expect(text).toContain('skip queue-empty: ');
  });

  test('ends with 2 without a key, and with one that Stripe does not know', async () => {
    expect(await run({})).toMatchObject({ code: 2, text: expect.stringContaining('STRIPE_API_KEY') });
    const { code, text } = await run({ STRIPE_API_KEY: 'sk_test_other' });
    expect([code, text]).toEqual([2, expect.stringContaining('Stripe does not show its books')]);
    expect(text).not.toContain('sk_test_other');
  });
});

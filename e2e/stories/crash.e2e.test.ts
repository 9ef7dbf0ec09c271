import { randomUUID } from 'node:crypto';
import { openShopDatabases, reconcile } from '@souk/operations';
import { waitFor } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  aCustomer,
  type Customer,
  countUnpublished,
  findDiscrepancies,
  MODES,
  type Order,
  type Platform,
  readStock,
  type Stock,
  startPlatform,
} from '../src/index.ts';
import { databaseUrlsOf } from '../src/ledger.ts';

const ORDERS = 20;
const ANSWERED_BEFORE_THE_CRASH = 8;

interface Attempt {
  key: string;
  productId: string;
  paymentMethod: string;
  /** What the customer saw: an order, or nothing. */
  order?: Order;
}

describe.each(MODES)('a crash in the middle of twenty orders, %s', (mode) => {
  let platform: Platform;
  let customer: Customer;
  let stock: Map<string, Stock>;
  let attempts: Attempt[] = [];

  const place = async (attempt: Attempt): Promise<Answer<Order>> => {
    const { key, productId, paymentMethod } = attempt;
    const answer = await customer.tryOrder({ key, paymentMethod, items: [{ productId, quantity: 1 }] });
    if (answer.status === 201) attempt.order = answer.body;
    return answer;
  };

  beforeAll(async () => {
    platform = await startPlatform(mode);
    customer = await aCustomer(platform);
    stock = await readStock(platform);
    const { items } = await customer.products(`?inStock=true&limit=${ORDERS}`);
    // Every fifth is declined, every seventh takes three seconds at the provider.
    attempts = items.map(({ id }, index) => ({
      key: randomUUID(),
      productId: id,
      paymentMethod: index % 5 === 4 ? 'tok_declined' : index % 7 === 6 ? 'tok_slow' : 'tok_ok',
    }));
  });
  afterAll(async () => {
    await platform?.stop();
  });

  it('takes the platform away while orders are being placed', async () => {
    let answered = 0;
    const crash = new Promise<void>((resolve) => {
      for (const attempt of attempts) {
        place(attempt).then(
          () => {
            answered += 1;
            if (answered === ANSWERED_BEFORE_THE_CRASH) resolve();
          },
          () => {}, // nobody answers any more
        );
      }
    });
    await crash;
    await platform.kill();
    expect(attempts.filter(({ order }) => order !== undefined).length).toBeGreaterThanOrEqual(
      ANSWERED_BEFORE_THE_CRASH,
    );
  });

  it('leaves every order to be completed or cancelled after the next start', async () => {
    await platform.start();
    for (const attempt of attempts) {
      // A customer without an answer tries again with the same key; one with an answer gets the same one again.
      const answer = await waitFor(
        async () => {
          const again = await place(attempt);
          return again.status < 500 && again.status !== 409 ? again : undefined;
        },
        { timeoutMs: 65_000, everyMs: 250, what: 'An answer to the repeated order' },
      );
      expect(answer.status).toBe(201);
    }
    const ids = attempts.map(({ order }) => order?.id ?? '');
    expect(new Set(ids).size).toBe(ORDERS);
    for (const { order, paymentMethod } of attempts) {
      const status = paymentMethod === 'tok_declined' ? 'cancelled' : 'completed';
      await customer.orderIn(status, order?.id ?? '', 30_000);
    }
  });

  it('leaves stock and money that add up', async () => {
    const problems = await waitFor(
      async () => {
        const found = await findDiscrepancies(platform, stock);
        if (found.length > 0) throw new RangeError(found.join('\n'));
        return found;
      },
      { timeoutMs: 30_000, everyMs: 250, what: 'A shop that adds up' },
    );
    expect(problems).toEqual([]);
    await waitFor(async () => (await countUnpublished(platform)) === 0, {
      timeoutMs: 15_000,
      what: 'Published outboxes',
    });
  });

  it('leaves books that agree: orders, reservations, payments, the ledger of the provider, and what was told', async () => {
    const databases = openShopDatabases(databaseUrlsOf(platform));
    try {
      const results = await reconcile({ databases, patienceMs: 10_000, settleMs: 20_000 });
      expect(results.filter(({ discrepancies }) => discrepancies.length > 0)).toEqual([]);
    } finally {
      await databases.close();
    }
  });

  it('confirms each order once', async () => {
    const expected = attempts.filter(({ paymentMethod }) => paymentMethod !== 'tok_declined').length;
    // A mail handed over right before the crash may come again, with the same Message-ID: mail programs show it once.
    const confirmations = async () => {
      const own = (await platform.mails()).filter(
        ({ to, template }) => to.includes(customer.email) && template === 'confirmation',
      );
      return new Set(own.map(({ messageId }) => messageId)).size;
    };
    await waitFor(async () => (await confirmations()) >= expected, {
      timeoutMs: 30_000,
      what: `${expected} confirmations`,
    });
    expect(await confirmations()).toBe(expected);
  });
});

import { isProblem, type Order } from '@souk/client';
import { describe, expect, it } from 'vitest';
import { select } from '../../src/ledger.ts';
import { DATABASE_NAMES } from '../../src/platform.ts';
import { aPasserBy, aShopper, HOME, PASSWORD, type Visitor } from '../../src/visitor.ts';
import { aProduct, refusal, type Stage } from './stage.ts';

/** The link in the mail, and what it ends. */
export function aForgottenPassword(stage: () => Stage): void {
  describe('a forgotten password', () => {
    const NEW_PASSWORD = 'nine-teapots-in-a-row';
    let shopper: Visitor;
    let token: string;

    it('is asked for by anybody, and mailed to the owner alone', async () => {
      shopper = await aShopper(stage().platform);
      const passerBy = aPasserBy(stage().platform);
      for (const email of [shopper.email, 'unknown@example.test'])
        await passerBy.call('requestPasswordReset', { body: { email } });
      const mail = await shopper.mail('password-reset');
      const link = /https?:\S+\/reset-password\?token=\S+/.exec(mail.text)?.[0] ?? '';
      token = new URL(link).searchParams.get('token') ?? '';
      expect(token).not.toBe('');
      expect(mail.html).toContain('reset-password?token=');
      expect((await stage().platform.mails()).some(({ to }) => to.includes('unknown@'))).toBe(false);
    });

    it('is replaced by following the link, which ends every session', async () => {
      await aPasserBy(stage().platform).call('confirmPasswordReset', { body: { token, newPassword: NEW_PASSWORD } });
      await expect
        .poll(
          () =>
            shopper.call('getProfile').then(
              () => 'in',
              (error) => (isProblem(error, 'unauthorized') ? 'out' : error),
            ),
          {
            timeout: 15_000,
          },
        )
        .toBe('out');
      expect(shopper.client.tokens).toBeUndefined();
    });

    it('lets the new one in and the old one not, and the link works once', async () => {
      await refusal(shopper.client.logIn(shopper.email, PASSWORD), 'invalid-credentials');
      await shopper.client.logIn(shopper.email, NEW_PASSWORD);
      const again = shopper.call('confirmPasswordReset', { body: { token, newPassword: PASSWORD } });
      await refusal(again, 'invalid-reset-token');
    });
  });
}

/** An account is deleted, and with it the person in every database. */
export function leavingForGood(stage: () => Stage): void {
  describe('leaving for good', () => {
    // Nobody else in the shop has these.
    const name = 'Zebedee Quillfeather';
    const address = { ...HOME, name, line1: '99 Vanishing Point', phone: '+49 30 555 7731' };
    const traces = ['Quillfeather', 'Vanishing Point', '555 7731'];
    let shopper: Visitor;
    let order: Order;

    it('is somebody who has bought, moved and cancelled', async () => {
      shopper = await aShopper(stage().platform, name);
      const teapot = await aProduct(stage());
      await shopper.call('addAddress', { body: address });
      const place = (paymentMethod: string) =>
        shopper.call('placeOrder', {
          body: { items: [{ productId: teapot.id, quantity: 1 }], shippingAddress: address, paymentMethod },
        });
      order = await place('tok_ok');
      await shopper.orderWhen(order.id, { status: 'completed' });
      await shopper.orderWhen((await place('tok_declined')).id, { status: 'cancelled' });
      await stage().shopkeeper.call('shipOrder', {
        path: { id: order.id },
        body: { carrier: 'DHL', trackingNumber: '1' },
      });
      await stage().shopkeeper.call('deliverOrder', { path: { id: order.id } });
      await shopper.mail('delivered');
      expect(await tracesIn(stage(), [...traces, shopper.email])).not.toEqual([]);
    });

    it('takes the account with it', async () => {
      await shopper.call('deleteProfile');
      await expect
        .poll(
          () =>
            shopper.call('listOrders').then(
              () => 'in',
              (error) => (isProblem(error, 'unauthorized') ? 'out' : error),
            ),
          {
            timeout: 15_000,
          },
        )
        .toBe('out');
      await refusal(shopper.client.logIn(shopper.email, PASSWORD), 'invalid-credentials');
    });

    it('leaves no name, address, number or e-mail in any database', async () => {
      await expect
        .poll(() => tracesIn(stage(), [...traces, shopper.email]), { timeout: 20_000, interval: 500 })
        .toEqual([]);
    });

    it('keeps the orders, without a person in them', async () => {
      const kept = await stage().shopkeeper.call('getOrder', { path: { id: order.id } });
      expect(kept).toMatchObject({ id: order.id, total: order.total, email: null, fulfillmentStatus: 'delivered' });
      expect(kept.shippingAddress).toMatchObject({ name: '', line1: '', city: '' });
    });
  });
}

/** Where a text still stands, in any column of any table of any database: database.table: text. */
async function tracesIn({ platform }: Stage, texts: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const database of Object.values(DATABASE_NAMES)) {
    const tables = await select<{ tablename: string }>(
      platform,
      database,
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
    );
    for (const { tablename } of tables) {
      const sql = texts.map((text) => `bool_or(strpos(r::text, '${text}') > 0) AS "${text}"`).join(', ');
      const [row] = await select<Record<string, boolean | null>>(
        platform,
        database,
        `SELECT ${sql} FROM "${tablename}" r`,
      );
      found.push(...texts.filter((text) => row?.[text]).map((text) => `${database}.${tablename}: ${text}`));
    }
  }
  return found;
}

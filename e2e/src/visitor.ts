import { randomUUID } from 'node:crypto';
import {
  type AddressInput,
  createClient,
  isProblem,
  type Order,
  type Product,
  type SoukClient,
  type TimelineEntry,
} from '@souk/client';
import { waitFor } from '@souk/testing';
import type { Mail } from './mail.ts';
import type { Platform } from './platform.ts';
import { noteMail, transcribedFetch } from './transcribed-fetch.ts';

export const PASSWORD = 'correct-horse-battery';

export const HOME: AddressInput = {
  name: 'Grace Hopper',
  line1: '3 Nanosecond Lane',
  city: 'Arlington',
  postalCode: '22201',
  country: 'US',
  phone: '+1 703 555 0100',
};

const PATIENCE_MS = 30_000;
const RETRIES_MAX = 10;

class NotYetError extends Error {
  override readonly name = 'NotYetError';
}

/** Somebody in front of the shop, with the client in hand and a mail box. */
export class Visitor {
  readonly platform: Platform;
  readonly email: string;
  readonly client: SoukClient;
  readonly call: SoukClient['call'];

  constructor(platform: Platform, email: string) {
    this.platform = platform;
    this.email = email;
    this.client = createClient({
      baseUrl: platform.gatewayUrl,
      // On a machine that does much else besides, the shop is busy now and then, and says so.
      ...{ timeoutMs: 2 * PATIENCE_MS, retriesMax: RETRIES_MAX },
      fetch: transcribedFetch(email),
    });
    this.call = this.client.call.bind(this.client);
  }

  /** The same person in another window. */
  async inAnotherTab(password = PASSWORD): Promise<Visitor> {
    const tab = new Visitor(this.platform, this.email);
    await tab.client.logIn(this.email, password);
    return tab;
  }

  order(
    product: Pick<Product, 'id'>,
    { quantity = 1, paymentMethod }: { quantity?: number; paymentMethod?: string } = {},
  ) {
    const items = [{ productId: product.id, quantity }];
    return this.call('placeOrder', { body: { items, shippingAddress: HOME, paymentMethod } });
  }

  /** The order as soon as it is as the story says. */
  orderWhen(id: string, expected: Partial<Order>): Promise<Order> {
    const wanted = Object.entries(expected) as [keyof Order, unknown][];
    return waitFor(
      async () => {
        const order = await this.call('getOrder', { path: { id } });
        const off = wanted
          .filter(([field, value]) => order[field] !== value)
          .map(([field]) => `${field} ${order[field]}`);
        if (off.length > 0) throw new NotYetError(`it is ${off.join(', ')}`);
        return order;
      },
      { timeoutMs: PATIENCE_MS, everyMs: 50, what: `Order ${id} with ${JSON.stringify(expected)}` },
    );
  }

  async buy(product: Pick<Product, 'id'>, quantity = 1): Promise<Order> {
    const { id } = await this.order(product, { quantity, paymentMethod: 'tok_ok' });
    return this.orderWhen(id, { status: 'completed' });
  }

  async timeline(orderId: string): Promise<TimelineEntry[]> {
    return (await this.call('getOrderTimeline', { path: { id: orderId }, query: { limit: 100 } })).items;
  }

  /** Mails of this template in this mail box, oldest first; about an order where one is named. */
  async mails(template?: string, about?: Order): Promise<Mail[]> {
    const all = await this.platform.mails();
    return all.filter(
      (mail) =>
        mail.to.includes(this.email) &&
        (template === undefined || mail.template === template) &&
        (about === undefined || mail.text.includes(about.id)),
    );
  }

  /** Waits for a mail. */
  async mail(template: string, about?: Order): Promise<Mail> {
    const mail = await waitFor(async () => (await this.mails(template, about)).at(-1), {
      timeoutMs: PATIENCE_MS,
      everyMs: 100,
      what: `The mail ${template} to ${this.email}`,
    });
    noteMail(this.email, mail);
    return mail;
  }
}

/** Somebody without an account. */
export function aPasserBy(platform: Platform): Visitor {
  return new Visitor(platform, 'nobody@example.test');
}

/** As a person does it: again when the shop is too busy, and an account that was made after all is one's own. */
async function register(shopper: Visitor, name: string, triesLeft = 3): Promise<void> {
  try {
    await shopper.call('registerUser', { body: { email: shopper.email, password: PASSWORD, name } });
  } catch (error) {
    if (isProblem(error, 'email-taken') && triesLeft < 3) return;
    if (!isProblem(error, 'unavailable') || triesLeft === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, (error.retryAfterSeconds ?? 1) * 1_000));
    await register(shopper, name, triesLeft - 1);
  }
}

/** Somebody with a new account, logged in. */
export async function aShopper(platform: Platform, name = 'Grace Hopper'): Promise<Visitor> {
  const shopper = new Visitor(platform, `shopper-${randomUUID().slice(0, 13)}@example.test`);
  await register(shopper, name);
  await shopper.client.logIn(shopper.email, PASSWORD);
  return shopper;
}

/** Whoever runs the shop, logged in. */
export async function theShopkeeper(platform: Platform): Promise<Visitor> {
  const shopkeeper = new Visitor(platform, 'admin@souk.example');
  await shopkeeper.client.logIn(shopkeeper.email, PASSWORD);
  return shopkeeper;
}

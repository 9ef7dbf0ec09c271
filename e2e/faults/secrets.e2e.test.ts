import { waitFor } from '@souk/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AN_ADDRESS, select, send } from '../src/index.ts';
import { DATABASE_NAMES, SERVICE_NAMES } from '../src/platform.ts';
import { type FaultPlatform, startFaultPlatform } from './src/fault-platform.ts';

const CANARIES = {
  firstPassword: 'canary-first-password-3e1b',
  secondPassword: 'canary-second-password-8f4d',
  wrongPassword: 'canary-wrong-password-c07a',
  shortPassword: 'cnry-q9',
  cardNumber: '4242424242424242',
  spacedCardNumber: '5555 5555 5555 4444',
  forgedToken: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnktdG9rZW4ifQ.Y2FuYXJ5LXNpZ25hdHVyZQ',
};
/** Stands for a card, so our own tables and events may hold it, and nothing else. */
const CARD_TOKEN = 'tok_canary_5b2e9c71';

/** All rows of all tables of a database as text, with bytes in hexadecimal digits. */
const DUMP_SQL = `WITH spelling AS MATERIALIZED (SELECT set_config('xmlbinary', 'hex', false))
  SELECT coalesce(string_agg(query_to_xml(format('SELECT * FROM %I', tablename), true, false, '')::text, ''), '')
  AS text FROM spelling, pg_tables WHERE schemaname = 'public'`;

/** A person who does everything in which secrets are said, and everything in which they are said in the wrong place. */
class CarelessCustomer {
  readonly problems: string[] = [];
  readonly secrets: string[] = Object.values(CANARIES);
  readonly #fault: FaultPlatform;
  readonly #email = 'careless@souk.example';

  constructor(fault: FaultPlatform) {
    this.#fault = fault;
  }

  async ask<T>(path: string, options: Parameters<typeof send>[2] = {}): Promise<T> {
    const { status, body } = await send<T>(this.#fault.platform, path, options);
    if (status >= 400) this.problems.push(JSON.stringify(body));
    return body;
  }

  async account(): Promise<string> {
    const { firstPassword, secondPassword, wrongPassword, shortPassword } = CANARIES;
    const email = this.#email;
    const users = '/api/v1/users';
    const registration = (password: string) => ({ body: { email, password, name: 'Careless' } });
    await this.ask(users, registration(shortPassword));
    await this.ask(users, registration(firstPassword));
    await this.ask(users, registration(firstPassword));
    await this.ask(`${users}/login`, { body: { email, password: wrongPassword } });
    await this.ask(`${users}/login`, { body: { email, password: [firstPassword] } });
    type Tokens = { accessToken: string; refreshToken: string };
    const tokens = await this.ask<Tokens>(`${users}/login`, { body: { email, password: firstPassword } });
    const next = await this.ask<Tokens>(`${users}/refresh`, { body: { refreshToken: tokens.refreshToken } });
    this.secrets.push(tokens.accessToken, tokens.refreshToken, next.accessToken, next.refreshToken);
    const change = (currentPassword: string, newPassword: string) =>
      this.ask(`${users}/me/password`, {
        method: 'PUT',
        token: next.accessToken,
        body: { currentPassword, newPassword },
      });
    await change(wrongPassword, secondPassword);
    await change(firstPassword, secondPassword);
    await this.ask(`${users}/refresh`, { body: { refreshToken: next.accessToken } });
    return next.accessToken;
  }

  async forgottenPassword(): Promise<void> {
    await this.ask('/api/v1/users/password-reset', { body: { email: this.#email } });
    const mail = await waitFor(
      async () => (await this.#fault.platform.mails()).find(({ text }) => /[A-Za-z0-9_-]{43}/.test(text)),
      { timeoutMs: 60_000, what: 'The mail with the link' },
    );
    const token = /[A-Za-z0-9_-]{43}/.exec(mail.text)?.[0] ?? '';
    this.secrets.push(token);
    const confirm = (newPassword: string) =>
      this.ask('/api/v1/users/password-reset/confirm', { body: { token, newPassword } });
    await confirm(CANARIES.shortPassword);
    await confirm(CANARIES.secondPassword);
    await confirm(CANARIES.secondPassword);
  }

  async purchase(token: string): Promise<void> {
    const products = await this.ask<{ items: { id: string }[] }>('/api/v1/products?inStock=true&limit=1');
    const items = [{ productId: products.items[0]?.id, quantity: 1 }];
    const order = (key: string, change: object) =>
      this.ask('/api/v1/orders', {
        token,
        headers: { 'idempotency-key': key },
        body: { items, shippingAddress: AN_ADDRESS, ...change },
      });
    await order('careless-1', { paymentMethod: CARD_TOKEN });
    await order('careless-2', { paymentMethod: CANARIES.cardNumber });
    await order('careless-3', { paymentMethod: CANARIES.spacedCardNumber });
    await order('careless-4', { cardNumber: CANARIES.cardNumber, cvc: '737' });
    await this.ask('/api/v1/payments', {
      token,
      headers: { 'idempotency-key': 'careless-5' },
      body: { orderId: CANARIES.cardNumber, paymentMethod: CANARIES.spacedCardNumber },
    });
  }

  async wrongPlaces(token: string): Promise<void> {
    const { forgedToken, cardNumber, secondPassword } = CANARIES;
    for (const service of SERVICE_NAMES) {
      const base = this.#fault.platform.serviceUrl(service);
      await this.ask('/api/v1/orders', { base, token: forgedToken });
      await this.ask(`/api/v1/products?access_token=${token}`, { base });
      await this.ask(`/api/v1/orders/${encodeURIComponent(cardNumber)}`, { base, token });
      await this.ask(`/api/v1/products?sort=${encodeURIComponent(secondPassword)}`, { base });
      await this.ask('/api/v1/users/login', { base, headers: { 'x-request-id': forgedToken }, body: { password: 1 } });
      await this.ask(`/${forgedToken}`, { base, headers: { cookie: `session=${token}` } });
    }
  }
}

describe('secrets that are said, in the right place and in wrong ones', () => {
  let fault: FaultPlatform;
  beforeAll(async () => {
    fault = await startFaultPlatform({ env: { LOG_LEVEL: 'trace' } });
  });
  afterAll(() => fault?.stop());

  const everything = async (customer: CarelessCustomer): Promise<Record<string, string>> => {
    const { platform, share } = fault;
    const places: Record<string, string> = { logs: platform.logs(), problems: customer.problems.join('\n') };
    for (const database of Object.values(DATABASE_NAMES)) {
      const [row] = await select<{ text: string }>(platform, database, DUMP_SQL);
      places[`database ${database}`] = row?.text ?? '';
    }
    for (const service of SERVICE_NAMES) {
      const base = service === 'api-gateway' ? platform.opsUrl : platform.serviceUrl(service);
      places[`metrics of ${service}`] = await (await fetch(`${base}/metrics`)).text();
    }
    const redis = new Redis(share.redisUrl);
    for (const key of await redis.keys('*'))
      places[`key-value ${key}`] = (await redis.dumpBuffer(key)).toString('latin1');
    redis.disconnect();
    return places;
  };

  it('stand in no log, answer, metric, cache or column', async () => {
    const customer = new CarelessCustomer(fault);
    const token = await customer.account();
    await customer.purchase(token);
    await customer.wrongPlaces(token);
    await customer.forgottenPassword();
    const places = await everything(customer);
    expect(places.logs?.length).toBeGreaterThan(10_000);
    expect(places['database users']?.includes('careless@souk.example')).toBe(true);
    expect(places['database orders']?.includes(CARD_TOKEN)).toBe(true);
    const leaks = Object.entries(places).flatMap(([place, text]) => {
      const isOurs = place.startsWith('database');
      const looked = isOurs ? customer.secrets : [...customer.secrets, CARD_TOKEN];
      return looked.flatMap((secret) => {
        const spellings = [secret, Buffer.from(secret).toString('hex'), encodeURIComponent(secret)];
        return spellings.some((spelling) => text.includes(spelling)) ? [`${place} shows ${secret}`] : [];
      });
    });
    expect(leaks).toEqual([]);
  });
});

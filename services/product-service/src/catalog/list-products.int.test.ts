import { createRedisKeyValueStore, type KeyValueStore, KeyValueUnavailableError } from '@souk/key-value';
import { silentLogger, testRedisUrl, waitFor } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningProductService, runProductService } from '../../test/running-product-service.ts';

interface Item {
  id: string;
  name: string;
  price: { amount: number };
  available: number;
  category: string;
  version: number;
  createdAt: string;
}
interface PageBody {
  items: Item[];
  nextCursor: string | null;
  total: number;
}

// Two replicas, each with a connection of its own to one Redis.
const stores = [1, 2].map(() => createRedisKeyValueStore({ url: testRedisUrl(), logger: silentLogger() }));
let service: RunningProductService;
let replica: RunningProductService;

beforeAll(async () => {
  const [one, other] = stores as [KeyValueStore, KeyValueStore];
  service = await runProductService({ seeded: true, keyValue: one });
  replica = await service.startReplica({ keyValue: other });
});
afterAll(async () => {
  await replica.stop();
  await service.stop();
  await Promise.all(stores.map((store) => store.close()));
});

async function list(query: string, from = service): Promise<PageBody> {
  const { status, body } = await from.call<PageBody>('GET', `/api/v1/products?${query}`);
  expect(status).toBe(200);
  return body;
}

/** All pages of a walk; `between` runs after each page. */
async function walk(query: string, between: (page: number) => Promise<void> = async () => {}): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  let number = 0;
  do {
    const page: PageBody = await list(cursor === null ? query : `${query}&cursor=${cursor}`);
    items.push(...page.items);
    cursor = page.nextCursor;
    await between(number);
    number += 1;
  } while (cursor !== null);
  return items;
}

async function patch(id: string, changes: unknown): Promise<void> {
  const { body } = await service.call<Item>('GET', `/api/v1/products/${id}`);
  const answer = await service.call('PATCH', `/api/v1/products/${id}`, {
    as: 'admin',
    body: changes,
    headers: { 'if-match': `"${body.version}"` },
  });
  expect(answer.status).toBe(200);
}

const withSku = async (sku: string): Promise<Item> => (await list(`q=${sku}`)).items[0] as Item;

describe('a list of products', () => {
  it('shows the newest first, in pages that add up to the total', async () => {
    const first = await list('');
    expect(first.items).toHaveLength(20);
    expect(first.total).toBe(127);
    const all = await walk('limit=50');
    expect(all).toHaveLength(127);
    expect(new Set(all.map(({ id }) => id)).size).toBe(127);
    const times = all.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().reverse());
  });

  it.each([
    ['price', (a: Item, b: Item) => a.price.amount - b.price.amount],
    ['-price', (a: Item, b: Item) => b.price.amount - a.price.amount],
    ['name', (a: Item, b: Item) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1)],
  ])('is sorted by %s', async (sort, compare) => {
    const all = await walk(`sort=${sort}&limit=30`);
    expect(all).toHaveLength(127);
    expect(all.map((item) => item.id)).toEqual(all.toSorted(compare).map((item) => item.id));
  });

  it('filters by category with what is below it, by price and by stock', async () => {
    const kitchen = await walk('category=kitchen&limit=10');
    expect(new Set(kitchen.map(({ category }) => category))).toEqual(new Set(['kitchen', 'coffee-tea']));
    expect(await list('category=home')).toMatchObject({ total: 44 });
    expect(await list('category=nowhere')).toEqual({ items: [], nextCursor: null, total: 0 });
    const cheap = await walk('minPrice=1290&maxPrice=1490&sort=price');
    expect(cheap.map(({ price }) => price.amount)).toEqual(
      cheap.map(({ price }) => price.amount).filter((amount) => amount >= 1_290 && amount <= 1_490),
    );
    expect(cheap.length).toBeGreaterThan(3);
    expect(await list('inStock=true')).toMatchObject({ total: 125 });
    expect((await walk('inStock=true&limit=100')).every(({ available }) => available > 0)).toBe(true);
  });

  it.each([
    'limit=0',
    'limit=-1',
    'limit=101',
    'limit=1e9',
    'limit=abc',
    'limit=',
    'page=3',
    'cursor=abc',
    'cursor=',
    'sort=passwordHash',
    'sort=',
    'filter[price][$gt]=1',
    'select=*',
    'inStock=false',
    'inStock=1',
    'minPrice=-1',
    'minPrice=1.5',
    'maxPrice=100000000',
    'category=UPPER',
    'category=a&category=b',
    'q=a&q=b',
    `q=${'x'.repeat(201)}`,
    'q=%00',
  ])('refuses %s', async (query) => {
    expect(await service.call('GET', `/api/v1/products?${query}`)).toMatchObject({
      status: 422,
      body: { type: '/problems/validation' },
    });
  });

  it('refuses the cursor of another list', async () => {
    const { nextCursor } = await list('sort=price&limit=5');
    for (const query of ['sort=name', 'sort=price&category=home', 'sort=-price'])
      expect(await service.call('GET', `/api/v1/products?${query}&cursor=${nextCursor}`)).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/cursor' }] },
      });
    const forged = `${nextCursor?.slice(0, -2)}${nextCursor?.endsWith('AA') === true ? 'BB' : 'AA'}`;
    expect(await service.call('GET', `/api/v1/products?sort=price&cursor=${forged}`)).toMatchObject({ status: 422 });
  });
});

describe('a walk through the pages', () => {
  it('goes on although its category moves and its words get another meaning', async () => {
    const first = await list('category=outdoors&q=botle&limit=1');
    const rest = (await walk('category=outdoors&q=botle&limit=100')).map(({ id }) => id);
    expect(rest.length).toBeGreaterThan(1);
    const moved = await service.call('PATCH', '/api/v1/categories/cycling', {
      as: 'admin',
      body: { parent: null },
      headers: { 'if-match': '"1"' },
    });
    expect(moved.status).toBe(200);
    await service.call('POST', '/api/v1/products', {
      as: 'admin',
      body: {
        name: 'Botle',
        description: '',
        category: 'toys',
        price: { amount: 1, currency: 'EUR' },
        sku: 'BOTLE',
      },
    });
    const second = await list(
      `category=outdoors&q=botle&limit=100&cursor=${first.nextCursor}`.replace('limit=100', 'limit=1'),
    );
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(rest.slice(0, 2));
  });

  it.each(['sort=price', 'sort=-price', 'sort=name', '', 'q=steel', 'q=steel&sort=price'])(
    'of "%s" neither repeats nor skips a product while prices, names and texts change',
    async (query) => {
      const before = await walk(`${query}&limit=100`);
      let turn = 0;
      const seen = await walk(`${query}&limit=4`, async (page) => {
        if (page > 12) return;
        turn += 1;
        // One product that was shown and one that was not are moved to the other end of the list.
        const shown = before[(page * 4) % before.length] as Item;
        const unseen = before[before.length - 1 - (page % Math.max(1, Math.floor(before.length / 3)))] as Item;
        await patch(shown.id, {
          price: { amount: 99_000_000 + turn, currency: 'EUR' },
          name: `zzz ${turn} ${shown.name}`,
        });
        await patch(unseen.id, {
          price: { amount: turn, currency: 'EUR' },
          name: `aaa ${turn}`,
          description: `text ${turn}`,
        });
        await service.call('POST', '/api/v1/products', {
          as: 'admin',
          body: {
            name: `steel newcomer ${turn}`,
            description: 'steel',
            category: 'kitchen',
            price: { amount: 1 + turn * 10_000, currency: 'EUR' },
            sku: `NEW-${query}-${turn}`,
          },
        });
      });
      expect(seen.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    },
  );

  it('by name fits into its cursor, however long the names are', async () => {
    for (const n of [1, 2, 3])
      await service.call('POST', '/api/v1/products', {
        as: 'admin',
        body: {
          name: '\u{1F6CD}"'.repeat(99) + n,
          description: '',
          category: 'stationery',
          price: { amount: 1, currency: 'EUR' },
          sku: `LONG-${n}`,
        },
      });
    const all = await walk('category=stationery&sort=name&limit=1');
    expect(all).toHaveLength((await list('category=stationery')).total);
  });

  it('leaves out what was withdrawn and keeps its total', async () => {
    const first = await list('category=toys&limit=4');
    const rest = await walk('category=toys&limit=100');
    const victim = rest[6] as Item;
    const answer = await service.call('DELETE', `/api/v1/products/${victim.id}`, {
      as: 'admin',
      headers: { 'if-match': `"${victim.version}"` },
    });
    expect(answer.status).toBe(204);
    const second = await list(`category=toys&limit=4&cursor=${first.nextCursor}`);
    expect(second.items.map(({ id }) => id)).toEqual([4, 5, 7, 8].map((index) => rest[index]?.id));
    expect(second.total).toBe(first.total);
    expect((await list('category=toys')).total).toBe(first.total - 1);
  });
});

describe('a write by an administrator', () => {
  it('is seen by the next read, through every replica', async () => {
    const { id } = await withSku('AUD-1001');
    for (let turn = 1; turn <= 15; turn += 1) {
      const amount = 10_000 + turn;
      await patch(id, { price: { amount, currency: 'EUR' } });
      for (const from of [replica, service]) {
        const { items } = await list('q=AUD-1001', from);
        expect(items[0]?.price.amount).toBe(amount);
        expect((await list('category=audio&limit=100', from)).items.find((item) => item.id === id)?.price.amount).toBe(
          amount,
        );
      }
    }
  });

  it('to the stock is seen by the next read too, in lists and searches', async () => {
    const { id } = await withSku('AUD-1003');
    for (const delta of [5, -3, 1]) {
      const { body } = await service.call<{ available: number }>(
        'POST',
        `/api/v1/products/${id}/inventory/adjustments`,
        {
          as: 'admin',
          body: { delta, reason: 'count' },
        },
      );
      for (const from of [replica, service])
        expect((await list('q=AUD-1003', from)).items[0]?.available).toBe(body.available);
    }
  });
});

describe('what orders reserve', () => {
  it('is seen at once on the product and soon in lists', async () => {
    const { id, available } = await withSku('COM-1001');
    await service.call('PUT', '/internal/reservations/01a095ea-fb00-7d05-8439-08597e935100', {
      as: 'service',
      body: { items: [{ productId: id, quantity: 2 }] },
    });
    const page = await service.call<Item>('GET', `/api/v1/products/${id}`);
    expect(page.body.available).toBe(available - 2);
    expect(page.headers.get('etag')).toMatch(/^"\d+-2"$/);
    await waitFor(async () => (await list('q=COM-1001')).items[0]?.available === available - 2);
  });
});

describe('without the key-value store', () => {
  /** A store that answers nothing, as Redis does when it is down. */
  function deadStore(): KeyValueStore {
    const dead = () => Promise.reject(new KeyValueUnavailableError('test'));
    return {
      get: dead,
      getMany: dead,
      set: dead,
      delete: dead,
      increment: dead,
      publish: dead,
      subscribe: dead,
      isReady: () => true,
      close: async () => {},
    };
  }

  it('lists and writes stay right, if slower', async () => {
    const lonely = await service.startReplica({ keyValue: deadStore() });
    const { id } = await withSku('AUD-1004');
    await patch(id, { price: { amount: 4_711, currency: 'EUR' } });
    expect((await list('q=AUD-1004', lonely)).items[0]?.price.amount).toBe(4_711);
    const begun = Date.now();
    const answer = await lonely.call('POST', `/api/v1/products/${id}/inventory/adjustments`, {
      as: 'admin',
      body: { delta: 7, reason: 'count' },
    });
    expect(answer.status).toBe(201);
    // It could not tell the others, so it waited until they had looked themselves.
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1_000);
    expect((await list('q=AUD-1004', replica)).items[0]?.available).toBe(answer.body.available);
    await lonely.stop();
  });
});

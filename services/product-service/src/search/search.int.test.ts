import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningProductService, runProductService } from '../../test/running-product-service.ts';

// How well the search understands people, on the demonstration catalogue.

interface PageBody {
  items: { name: string; sku: string; price: { amount: number } }[];
  total: number;
}

let service: RunningProductService;
beforeAll(async () => {
  service = await runProductService({ seeded: true });
});
afterAll(() => service.stop());

async function search(q: string, more = ''): Promise<PageBody> {
  const path = `/api/v1/products?q=${encodeURIComponent(q)}${more}`;
  const { status, body } = await service.call<PageBody>('GET', path);
  expect(status).toBe(200);
  return body;
}
const namesOf = async (q: string, more = '') => (await search(q, more)).items.map(({ name }) => name);

describe('a search', () => {
  it.each([
    ['headphones', ['Aria Studio Headphones', 'Aria Over-Ear Headphones']],
    ['knife', ["Santoku Chef's Knife 18 cm", 'Bread Knife with Wavy Edge']],
    ['lamp', ['Arc LED Desk Lamp', 'Opal Table Lamp', 'Tripod Floor Lamp']],
    ['coffee grinder', ['Burr Hand Coffee Grinder']],
    ['bluetooth speaker', ['Drum Bluetooth Speaker']],
    ['tent', ['Ridge 2-Person Tent']],
    ['leather belt', ['Oak-Tanned Leather Belt']],
  ])('for "%s" ranks the products of that name first', async (q, expected) => {
    const names = await namesOf(q);
    expect(new Set(names.slice(0, expected.length))).toEqual(new Set(expected));
  });

  it.each([
    ['headphnes', 'Headphones'],
    ['haedphones', 'Headphones'],
    ['headfones', 'Headphones'],
    ['keybord', 'Keyboard'],
    ['blutooth speeker', 'Drum Bluetooth Speaker'],
    ['cofee', 'Coffee'],
    ['chiar', 'Chair'],
    ['backpak', 'Backpack'],
    ['bicylce', 'Bike'],
    ['umbrela', 'Umbrella'],
    ['yirgachefe', 'Yirgacheffe'],
    ['sleping bag', 'Sleeping Bag'],
  ])('forgives the typing errors of "%s"', async (q, expected) => {
    const names = await namesOf(q);
    expect(names[0]).toContain(expected);
  });

  it.each([
    ['headph', 'Headphones'],
    ['turnt', 'Groove Turntable'],
    ['espr', 'Espresso'],
    ['wireless head', 'Aria Over-Ear Headphones'],
    ['keyb', 'Keyboard'],
  ])('finds what begins with "%s"', async (q, expected) => {
    expect((await namesOf(q)).join()).toContain(expected);
  });

  it.each([
    ['a plural', 'headphone', 'Aria Studio Headphones'],
    ['another form of the word', 'knives', "Santoku Chef's Knife 18 cm"],
    ['a sku', 'AUD-1007', 'Groove Turntable'],
    ['a sku in lower case', 'aud-1007', 'Groove Turntable'],
    ['capitals and accents', 'KÉTTLE', 'Gooseneck Kettle 0.9 l'],
    ['words that say nothing', 'a bottle for the water', 'Glacier Insulated Bottle 0.75 l'],
    ['the words in another sequence', 'lamp desk', 'Arc LED Desk Lamp'],
    ['the description', 'muscat grape', 'First Flush Darjeeling 100 g'],
  ])('understands %s', async (_, q, expected) => {
    expect(await namesOf(q)).toContain(expected);
  });

  it.each(['!!!', '& | ! ( )', "'", '\\', ':*', 'xyzzyq', '%', '_', '<->', '灯'])(
    'finds nothing for "%s"',
    async (q) => {
      expect(await search(q)).toEqual({ items: [], nextCursor: null, total: 0 });
    },
  );

  it.each([
    "o'clock",
    'a:*b',
    'foo & bar',
    'tent | lamp',
    '"tent"',
    '((',
    'tent\\',
    'x'.repeat(200),
    'a b c d e f g h i j k',
  ])('takes "%s" as words, never as a query language', async (q) => {
    const { status } = await service.call('GET', `/api/v1/products?q=${encodeURIComponent(q)}`);
    expect(status).toBe(200);
  });

  it('of nothing but blanks is no search', async () => {
    expect((await search('  ')).total).toBe(127);
    expect((await search('')).total).toBe(127);
    expect((await search('', '&sort=relevance')).total).toBe(127);
  });

  it('can be filtered and sorted like a list', async () => {
    const cheap = await search('lamp', '&sort=price&maxPrice=7000&category=home');
    const prices = cheap.items.map(({ price }) => price.amount);
    expect(prices).toEqual(prices.toSorted((a, b) => a - b));
    expect(Math.max(...prices)).toBeLessThanOrEqual(7_000);
    expect(cheap.total).toBe(prices.length);
    expect((await search('lamp', '&category=audio')).total).toBe(0);
  });

  it('finds a new product and its new words at once, and forgets them with it', async () => {
    const created = await service.call<{ id: string }>('POST', '/api/v1/products', {
      as: 'admin',
      body: {
        name: 'Zanzibar Quokka',
        description: 'Plush marsupial',
        category: 'toys',
        price: { amount: 1_000, currency: 'EUR' },
        sku: 'QUOKKA',
      },
    });
    expect(await namesOf('quoka')).toEqual(['Zanzibar Quokka']);
    const path = `/api/v1/products/${created.body.id}`;
    const renamed = await service.call('PATCH', path, {
      as: 'admin',
      body: { name: 'Zanzibar Wombat' },
      headers: { 'if-match': '"1"' },
    });
    expect(renamed.status).toBe(200);
    expect(await namesOf('wombatt')).toEqual(['Zanzibar Wombat']);
    await service.call('DELETE', path, { as: 'admin', headers: { 'if-match': '"2"' } });
    expect(await namesOf('wombat')).toEqual([]);
    const { rows } = await service.database.pool.query(
      "SELECT word FROM search_words WHERE word IN ('wombat', 'quokka', 'zanzibar', 'marsupial')",
    );
    expect(rows).toEqual([]);
  });

  it('keeps its vocabulary equal to the words of what is on sale', async () => {
    const { rows } = await service.database.pool.query(
      `WITH words AS (
         SELECT DISTINCT p.id, word FROM products p
         CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector('simple', p.search_name))) AS word
         WHERE p.deleted_at IS NULL)
       SELECT word FROM words EXCEPT SELECT word FROM search_words`,
    );
    expect(rows).toEqual([]);
  });
});

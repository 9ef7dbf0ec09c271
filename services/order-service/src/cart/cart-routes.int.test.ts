import { newId } from '@souk/service-runtime';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Person, type RunningOrderService, startOrderService } from '../../test/running-order-service.ts';

let world: RunningOrderService;
beforeAll(async () => {
  world = await startOrderService();
});
afterAll(() => world.stop());
afterEach(() => {
  world.products.intercept = undefined;
});

const put = (person: Person, productId: string, quantity: unknown) =>
  person.call('PUT', `/api/v1/cart/items/${productId}`, { body: { quantity } });

it('is empty at first, and keeps what was put in at current names and prices', async () => {
  const person = await world.person();
  expect((await person.call('GET', '/api/v1/cart')).body).toEqual({ items: [], total: { amount: 0, currency: 'EUR' } });
  const tea = world.product({ price: 500, stock: 7 });
  expect((await put(person, tea, 2)).body).toEqual({
    items: [
      {
        productId: tea,
        name: 'Mountain tea',
        price: { amount: 500, currency: 'EUR' },
        quantity: 2,
        available: 7,
        lineTotal: { amount: 1000, currency: 'EUR' },
      },
    ],
    total: { amount: 1000, currency: 'EUR' },
  });
  expect((await put(person, tea, 3)).body.total.amount).toBe(1500);
});

it('loses a line, the same line again, and everything', async () => {
  const person = await world.person();
  const [tea, cup] = [world.product({ price: 500 }), world.product({ price: 300 })];
  await put(person, tea, 1);
  await put(person, cup, 1);
  for (let times = 0; times < 2; times += 1) {
    const answer = await person.call('DELETE', `/api/v1/cart/items/${tea}`);
    expect([answer.status, answer.body.total.amount]).toEqual([200, 300]);
  }
  const cleared = await person.call('DELETE', '/api/v1/cart');
  expect([cleared.status, cleared.text]).toEqual([204, '']);
  expect((await person.call('GET', '/api/v1/cart')).body.items).toEqual([]);
});

it('keeps a line whose product was deleted, with nothing available and in no total; ordering it is refused', async () => {
  const person = await world.person();
  const tea = world.product({ price: 500 });
  await put(person, tea, 1);
  const product = world.products.products.get(tea);
  if (product) product.deleted = true;
  const cart = await person.call('GET', '/api/v1/cart');
  expect(cart.body).toMatchObject({ items: [{ productId: tea, available: 0, lineTotal: null }], total: { amount: 0 } });
  const answer = await person.order();
  expect(answer.body).toMatchObject({ status: 422, errors: [{ pointer: '/items/0/productId' }] });
});

it('refuses unknown products, odd quantities and the 101st line', async () => {
  const person = await world.person();
  expect((await put(person, newId(), 1)).status).toBe(404);
  const tea = world.product();
  for (const quantity of [0, 100, -1, 1.5, '1', null]) expect((await put(person, tea, quantity)).status).toBe(422);
  await world.database.pool.query(
    `WITH cart AS (INSERT INTO carts (user_id, updated_at) VALUES ($1, now()) RETURNING user_id)
     INSERT INTO cart_items (user_id, product_id, quantity, added_at)
     SELECT user_id, gen_random_uuid(), 1, now() FROM cart, generate_series(1, 100)`,
    [person.userId],
  );
  expect((await put(person, tea, 1)).body).toMatchObject({ status: 422, type: '/problems/validation' });
});

it('takes lines put at the same time, one after the other', async () => {
  const person = await world.person();
  const ids = Array.from({ length: 12 }, () => world.product());
  const answers = await Promise.all(ids.map((id) => put(person, id, 1)));
  expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
  expect((await person.call('GET', '/api/v1/cart')).body.items).toHaveLength(12);
});

it('is unavailable while product-service is', async () => {
  const person = await world.person();
  const tea = world.product();
  await put(person, tea, 1);
  world.products.intercept = () => 503;
  const answer = await person.call('GET', '/api/v1/cart');
  expect([answer.status, answer.body.type]).toEqual([503, '/problems/unavailable']);
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
});

it('takes sixty changes of one cart at once, and never more lines than it may have', async () => {
  const person = await world.person();
  const products = Array.from({ length: 60 }, () => world.product({ price: 100 }));
  const many = await Promise.all(products.map((id) => put(person, id, 1)));
  expect(new Set(many.map(({ status }) => status))).toEqual(new Set([200]));
  const more = await Promise.all(Array.from({ length: 60 }, () => put(person, world.product({ price: 100 }), 1)));
  expect(more.filter(({ status }) => status === 200).length).toBe(40);
  expect(more.filter(({ status }) => status === 422).length).toBe(20);
  expect((await put(person, products[0] ?? '', 2)).status).toBe(200);
});

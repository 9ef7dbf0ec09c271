import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningProductService, runProductService } from '../../test/running-product-service.ts';

interface ProductBody {
  id: string;
  sku: string;
  slug: string;
  version: number;
  available: number;
  [field: string]: unknown;
}

let service: RunningProductService;
let number = 0;

beforeAll(async () => {
  service = await runProductService();
  await service.call('POST', '/api/v1/categories', { as: 'admin', body: { slug: 'lamps', name: 'Lamps' } });
  await service.call('POST', '/api/v1/categories', { as: 'admin', body: { slug: 'chairs', name: 'Chairs' } });
});
afterAll(() => service.stop());

function aProduct(changes: Record<string, unknown> = {}): Record<string, unknown> {
  number += 1;
  return {
    name: `Paper Lamp ${number}`,
    description: 'A lamp of paper.\nFolds flat.',
    category: 'lamps',
    price: { amount: 1_999, currency: 'EUR' },
    sku: `LAMP-${number}`,
    stock: 12,
    ...changes,
  };
}

const create = (changes: Record<string, unknown> = {}) =>
  service.call<ProductBody>('POST', '/api/v1/products', { as: 'admin', body: aProduct(changes) });

describe('a product', () => {
  it('is created with its stock, its address and a tag of both versions', async () => {
    const { status, body, headers } = await create({ name: 'Café Lämp "Ö"', sku: 'CAFE-1' });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/api/v1/products/${body.id}`);
    expect(headers.get('etag')).toBe('"1-1"');
    expect(body).toMatchObject({
      sku: 'CAFE-1',
      slug: 'cafe-lamp-o',
      category: 'lamps',
      price: { amount: 1_999, currency: 'EUR' },
      imageUrl: null,
      available: 12,
      version: 1,
    });
    expect(body.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const page = await service.call<ProductBody>('GET', `/api/v1/products/${body.slug}`);
    expect(page).toMatchObject({ status: 200, body });
    expect(page.headers.get('etag')).toBe('"1-1"');
    const known = await service.call('GET', `/api/v1/products/${body.id}`, { headers: { 'if-none-match': '"1-1"' } });
    expect(known).toMatchObject({ status: 304, body: '' });
  });

  it('gets another address when its name is taken, and one from its sku in other scripts', async () => {
    const first = await create({ name: 'Twin' });
    const second = await create({ name: 'Twin' });
    expect(first.body.slug).toBe('twin');
    expect(second.body.slug).toMatch(/^twin-[0-9a-f]{12}$/);
    const other = await create({ name: '灯笼', sku: 'DENG-1' });
    expect(other.body.slug).toBe('deng-1');
    const idForm = await create({ name: '01a095ea-fb00-7d05-8439-08597e935186' });
    expect(idForm.body.slug).toBe('product-01a095ea-fb00-7d05-8439-08597e935186');
  });

  it('is refused when its sku is taken, also by a withdrawn product', async () => {
    const { body } = await create({ sku: 'ONCE' });
    await service.call('DELETE', `/api/v1/products/${body.id}`, { as: 'admin', headers: { 'if-match': '"1"' } });
    expect(await create({ sku: 'ONCE' })).toMatchObject({ status: 409, body: { type: '/problems/sku-taken' } });
  });

  it.each([
    ['an unknown category', { category: 'nowhere' }, '/category'],
    ['another currency', { price: { amount: 1, currency: 'USD' } }, '/price/currency'],
    ['a price of 0', { price: { amount: 0, currency: 'EUR' } }, '/price/amount'],
    ['a price above the limit', { price: { amount: 100_000_000, currency: 'EUR' } }, '/price/amount'],
    ['a fraction of a cent', { price: { amount: 0.5, currency: 'EUR' } }, '/price/amount'],
    ['a stock below 0', { stock: -1 }, '/stock'],
    ['a stock of 2^31', { stock: 2 ** 31 }, '/stock'],
    ['an empty name', { name: ' ' }, '/name'],
    ['NUL in the name', { name: 'a\u0000b' }, '/name'],
    ['a name of 201 characters', { name: 'x'.repeat(201) }, '/name'],
    ['a sku of 65 characters', { sku: 'x'.repeat(65) }, '/sku'],
    ['a description of 10,001 characters', { description: 'x'.repeat(10_001) }, '/description'],
    ['an unknown field', { colour: 'red' }, '/colour'],
    ['an unknown field that is null', { colour: null }, '/colour'],
    ['http pictures', { imageUrl: 'http://example.com/a.png' }, '/imageUrl'],
    ['pictures with user info', { imageUrl: 'https://me:you@example.com/a.png' }, '/imageUrl'],
    ['pictures of no scheme', { imageUrl: '//example.com/a.png' }, '/imageUrl'],
    ['pictures of a script', { imageUrl: 'javascript:alert(1)' }, '/imageUrl'],
    ['pictures with a backslash', { imageUrl: '/\\example.com/a.png' }, '/imageUrl'],
    ['a very long address', { imageUrl: `https://example.com/${'x'.repeat(2_048)}` }, '/imageUrl'],
  ])('is refused with %s', async (_, changes, pointer) => {
    const { status, body } = await create(changes);
    expect(status).toBe(422);
    expect(body).toMatchObject({ type: '/problems/validation' });
    expect(JSON.stringify(body.errors)).toContain(`"${pointer}"`);
  });

  it.each(['https://cdn.example.com/lamp.png?w=600', '/media/LAMP-1.svg'])('takes the picture %s', async (imageUrl) => {
    expect(await create({ imageUrl })).toMatchObject({ status: 201, body: { imageUrl } });
  });
});

describe('a change of a product', () => {
  it('needs the version it was made from, and counts one version', async () => {
    const { body } = await create();
    const path = `/api/v1/products/${body.id}`;
    const change = { price: { amount: 2_499, currency: 'EUR' }, category: 'chairs', imageUrl: '/media/x.svg' };
    const patch = (headers: Record<string, string>) =>
      service.call<ProductBody>('PATCH', path, { as: 'admin', body: change, headers });
    expect(await patch({})).toMatchObject({ status: 428, body: { type: '/problems/precondition-required' } });
    expect(await patch({ 'if-match': '*' })).toMatchObject({ status: 428 });
    for (const tag of ['"9-1"', 'W/"1-1"', '1-1', '"nonsense"'])
      expect(await patch({ 'if-match': tag })).toMatchObject({ status: 412 });
    const changed = await patch({ 'if-match': '"1-1"' });
    expect(changed).toMatchObject({ status: 200, body: { ...change, version: 2, name: body.name } });
    expect(changed.headers.get('etag')).toBe('"2-1"');
    expect(await patch({ 'if-match': '"1-1"' })).toMatchObject({ status: 412 });
    expect((await service.call('GET', path)).body).toEqual(changed.body);
  });

  it('lets one of many writers of the same version win', async () => {
    const { body } = await create();
    const writers = Array.from({ length: 10 }, (_, i) =>
      service.call('PATCH', `/api/v1/products/${body.id}`, {
        as: 'admin',
        body: { name: `Name ${i}` },
        headers: { 'if-match': '"1-1"' },
      }),
    );
    const statuses = (await Promise.all(writers)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 412)]);
  });

  it('clears the picture by null, keeps what is null otherwise, and refuses stock', async () => {
    const { body } = await create({ imageUrl: '/media/x.svg' });
    const patch = (version: number, changes: unknown) =>
      service.call<ProductBody>('PATCH', `/api/v1/products/${body.id}`, {
        as: 'admin',
        body: changes,
        headers: { 'if-match': `"${version}"` },
      });
    expect(await patch(1, { imageUrl: null, name: null })).toMatchObject({
      status: 200,
      body: { imageUrl: null, name: body.name, version: 2 },
    });
    expect(await patch(2, { stock: 3 })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/stock' }] } });
    expect(await patch(2, { category: 'nowhere' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/category' }] },
    });
    const { body: other } = await create();
    expect(await patch(2, { sku: other.sku })).toMatchObject({ status: 409, body: { type: '/problems/sku-taken' } });
  });

  it('takes a product off sale, and leaves it findable nowhere', async () => {
    const { body } = await create({ name: 'Soon Gone Lantern' });
    const path = `/api/v1/products/${body.id}`;
    const remove = (headers: Record<string, string>) => service.call('DELETE', path, { as: 'admin', headers });
    expect(await remove({})).toMatchObject({ status: 428 });
    expect(await remove({ 'if-match': '"2"' })).toMatchObject({ status: 412 });
    expect(await remove({ 'if-match': '"1-1"' })).toMatchObject({ status: 204 });
    expect(await remove({ 'if-match': '"2"' })).toMatchObject({ status: 404 });
    for (const gone of [path, `/api/v1/products/${body.slug}`, `${path}/inventory`])
      expect(await service.call('GET', gone, { as: 'admin' })).toMatchObject({ status: 404 });
    const found = await service.call<{ total: number }>('GET', '/api/v1/products?q=soon%20gone');
    expect(found.body.total).toBe(0);
    const { rows } = await service.database.pool.query(
      'SELECT type, sequence FROM outbox WHERE aggregate_id = $1 ORDER BY position',
      [body.id],
    );
    expect(rows).toEqual([
      { type: 'product.updated', sequence: 1 },
      { type: 'product.deleted', sequence: 2 },
    ]);
  });
});

describe('who may', () => {
  it.each([
    ['POST', '/api/v1/products'],
    ['PATCH', '/api/v1/products/01a095ea-fb00-7d05-8439-08597e935186'],
    ['DELETE', '/api/v1/products/01a095ea-fb00-7d05-8439-08597e935186'],
    ['POST', '/api/v1/categories'],
    ['PATCH', '/api/v1/categories/lamps'],
    ['DELETE', '/api/v1/categories/lamps'],
    ['GET', '/api/v1/products/01a095ea-fb00-7d05-8439-08597e935186/inventory'],
    ['PUT', '/api/v1/products/01a095ea-fb00-7d05-8439-08597e935186/inventory'],
    ['POST', '/api/v1/products/01a095ea-fb00-7d05-8439-08597e935186/inventory/adjustments'],
    ['GET', '/api/v1/products/01a095ea-fb00-7d05-8439-08597e935186/inventory/movements'],
    ['GET', '/api/v1/operations/product-service/dead-letters'],
  ])('%s %s: administrators only', async (method, path) => {
    expect(await service.call(method, path)).toMatchObject({ status: 401 });
    expect(await service.call(method, path, { as: 'customer' })).toMatchObject({ status: 403 });
    expect(await service.call(method, path, { as: 'service' })).toMatchObject({ status: 401 });
  });

  it.each([
    ['PUT', '/internal/reservations/01a095ea-fb00-7d05-8439-08597e935186'],
    ['GET', '/internal/reservations/01a095ea-fb00-7d05-8439-08597e935186'],
    ['DELETE', '/internal/reservations/01a095ea-fb00-7d05-8439-08597e935186'],
    ['POST', '/internal/reservations/settle'],
    ['GET', '/internal/products?ids=01a095ea-fb00-7d05-8439-08597e935186'],
  ])('%s %s: services only', async (method, path) => {
    expect(await service.call(method, path)).toMatchObject({ status: 401 });
    expect(await service.call(method, path, { as: 'admin' })).toMatchObject({ status: 401 });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningProductService, runProductService } from '../../test/running-product-service.ts';

interface CategoryBody {
  slug: string;
  name: string;
  parent: string | null;
  productCount: number;
  version: number;
}

let service: RunningProductService;
let skus = 0;

beforeAll(async () => {
  service = await runProductService();
});
afterAll(() => service.stop());

const create = (body: unknown) => service.call<CategoryBody>('POST', '/api/v1/categories', { as: 'admin', body });
const list = async () => {
  const { body } = await service.call<{ items: CategoryBody[]; total: number }>('GET', '/api/v1/categories');
  return body.items;
};
const find = async (slug: string) => (await list()).find((category) => category.slug === slug);
const patch = (slug: string, body: unknown, tag?: string) =>
  service.call<CategoryBody>('PATCH', `/api/v1/categories/${slug}`, {
    as: 'admin',
    body,
    ...(tag === undefined ? {} : { headers: { 'if-match': tag } }),
  });
const remove = (slug: string, tag?: string) =>
  service.call('DELETE', `/api/v1/categories/${slug}`, {
    as: 'admin',
    ...(tag === undefined ? {} : { headers: { 'if-match': tag } }),
  });
async function addProduct(category: string): Promise<string> {
  skus += 1;
  const { status, body } = await service.call<{ id: string }>('POST', '/api/v1/products', {
    as: 'admin',
    body: { name: 'Thing', description: '', category, price: { amount: 1, currency: 'EUR' }, sku: `THING-${skus}` },
  });
  expect(status).toBe(201);
  return body.id;
}

describe('a category', () => {
  it('is created below another, with its address and version', async () => {
    const top = await create({ slug: 'garden', name: 'Garden' });
    expect(top).toMatchObject({
      status: 201,
      body: { slug: 'garden', name: 'Garden', parent: null, productCount: 0, version: 1 },
    });
    expect(top.headers.get('location')).toBe('/api/v1/categories/garden');
    expect(top.headers.get('etag')).toBe('"1"');
    expect(await create({ slug: 'tools', name: 'Tools', parent: 'garden' })).toMatchObject({
      status: 201,
      body: { parent: 'garden' },
    });
    expect(await create({ slug: 'tools', name: 'Other tools' })).toMatchObject({
      status: 409,
      body: { type: '/problems/category-exists' },
    });
  });

  it.each([
    ['an unknown parent', { slug: 'a', name: 'A', parent: 'nowhere' }, '/parent'],
    ['capital letters', { slug: 'Garden', name: 'A' }, '/slug'],
    ['two hyphens', { slug: 'a--b', name: 'A' }, '/slug'],
    ['the form of an id', { slug: '01a095ea-fb00-7d05-8439-08597e935186', name: 'A' }, '/slug'],
    ['81 characters', { slug: 'a'.repeat(81), name: 'A' }, '/slug'],
    ['no name', { slug: 'a' }, '/name'],
    ['a blank name', { slug: 'a', name: '  ' }, '/name'],
    ['an unknown field', { slug: 'a', name: 'A', id: 1 }, '/id'],
  ])('is refused with %s', async (_, body, pointer) => {
    expect(await create(body)).toMatchObject({
      status: 422,
      body: { type: '/problems/validation', errors: [{ pointer }] },
    });
  });

  it('is listed by name, with the products below it', async () => {
    await create({ slug: 'music', name: 'music' });
    await create({ slug: 'vinyl', name: 'Vinyl', parent: 'music' });
    await create({ slug: 'jazz', name: 'Jazz', parent: 'vinyl' });
    await addProduct('jazz');
    const gone = await addProduct('vinyl');
    expect(await find('music')).toMatchObject({ productCount: 2 });
    expect(await find('vinyl')).toMatchObject({ productCount: 2 });
    expect(await find('jazz')).toMatchObject({ productCount: 1 });
    await service.call('DELETE', `/api/v1/products/${gone}`, { as: 'admin', headers: { 'if-match': '"1"' } });
    expect(await find('music')).toMatchObject({ productCount: 1 });
    const names = (await list()).map(({ name }) => name);
    expect(names).toEqual(names.toSorted((a, b) => a.localeCompare(b, 'en')));
    expect(await service.call('GET', '/api/v1/categories?limit=5')).toMatchObject({ status: 422 });
  });

  it('is renamed and moved by the version it was read at', async () => {
    await create({ slug: 'root', name: 'Root' });
    await create({ slug: 'branch', name: 'Branch', parent: 'root' });
    await create({ slug: 'leaf', name: 'Leaf', parent: 'branch' });
    expect(await patch('branch', { name: 'Bough' })).toMatchObject({ status: 428 });
    expect(await patch('branch', { name: 'Bough' }, '"7"')).toMatchObject({ status: 412 });
    const renamed = await patch('branch', { name: 'Bough' }, '"1"');
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Bough', parent: 'root', version: 2 } });
    expect(renamed.headers.get('etag')).toBe('"2"');
    expect(await patch('branch', { parent: null }, '"2"')).toMatchObject({ status: 200, body: { parent: null } });
    expect(await patch('branch', { parent: 'nowhere' }, '"3"')).toMatchObject({ status: 422 });
    expect(await patch('nowhere', { name: 'A' }, '"1"')).toMatchObject({ status: 404 });
    expect(await patch('branch', { slug: 'other' }, '"3"')).toMatchObject({ status: 422 });
    expect(await find('branch')).toMatchObject({ name: 'Bough', parent: null, version: 3 });
  });

  it('never becomes its own ancestor, also when two move at once', async () => {
    await create({ slug: 'one', name: 'One' });
    await create({ slug: 'two', name: 'Two', parent: 'one' });
    for (const parent of ['one', 'two'])
      expect(await patch('one', { parent }, '"1"')).toMatchObject({
        status: 409,
        body: { type: '/problems/conflict' },
      });
    await create({ slug: 'x', name: 'X' });
    await create({ slug: 'y', name: 'Y' });
    const both = await Promise.all([patch('x', { parent: 'y' }, '"1"'), patch('y', { parent: 'x' }, '"1"')]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('is removed only when nothing on sale and no category is in it', async () => {
    await create({ slug: 'full', name: 'Full' });
    await create({ slug: 'child', name: 'Child', parent: 'full' });
    const id = await addProduct('child');
    for (const slug of ['full', 'child'])
      expect(await remove(slug, '"1"')).toMatchObject({
        status: 409,
        body: { type: '/problems/category-not-empty' },
      });
    await service.call('DELETE', `/api/v1/products/${id}`, { as: 'admin', headers: { 'if-match': '"1"' } });
    expect(await remove('child')).toMatchObject({ status: 428 });
    expect(await remove('child', '"2"')).toMatchObject({ status: 412 });
    expect(await remove('child', '"1"')).toMatchObject({ status: 204 });
    expect(await remove('child', '"1"')).toMatchObject({ status: 404 });
    expect(await remove('full', '"1"')).toMatchObject({ status: 204 });
    expect(await find('full')).toBeUndefined();
  });
});

import { randomUUID } from 'node:crypto';
import type { AnyBody, Given, Subject } from '../subject.ts';

const etagOf = ({ headers }: Given<unknown>) => headers.get('etag') ?? '';

export async function aCategory(subject: Subject, parent: string | null = null): Promise<Given<AnyBody>> {
  return subject.ask('createCategory', 201, { change: { slug: `contract-${randomUUID()}`, parent } });
}

export async function aProduct(subject: Subject, stock = 40): Promise<Given<AnyBody>> {
  const category = (await aCategory(subject)).body.slug;
  const sku = `CONTRACT-${randomUUID()}`;
  return subject.ask('createProduct', 201, { change: { category, sku, stock } });
}

export async function categories(subject: Subject): Promise<void> {
  await subject.ask('listCategories', 200);
  await subject.ask('createCategory', 'category-exists', { change: {} });
  const parent = await aCategory(subject, 'electronics');
  const child = await aCategory(subject, parent.body.slug);
  const path = { slug: parent.body.slug };
  const headers = { 'if-match': etagOf(parent) };
  await subject.ask('updateCategory', 'conflict', { path, headers, body: { parent: child.body.slug } });
  const changed = await subject.ask('updateCategory', 200, { path, headers, change: {} });
  const now = { 'if-match': etagOf(changed) };
  await subject.ask('deleteCategory', 'category-not-empty', { path, headers: now });
  await subject.ask('deleteCategory', 204, { path: { slug: child.body.slug }, headers: { 'if-match': etagOf(child) } });
  await subject.ask('deleteCategory', 204, { path, headers: now });
}

export async function products(subject: Subject): Promise<void> {
  const query = { q: 'lamp', sort: 'price', inStock: 'true', maxPrice: 90_000, limit: 5 };
  await subject.ask('listProducts', 200, { query });
  const product = await aProduct(subject);
  const { id, sku, slug } = product.body;
  const category = (await aCategory(subject)).body.slug;
  await subject.ask('createProduct', 'sku-taken', { change: { category, sku } });
  await subject.ask('getProduct', 200, { path: { id: slug } });
  await subject.ask('getProduct', 304, { path: { id }, headers: { 'if-none-match': etagOf(product) } });
  const other = await aProduct(subject);
  const headers = { 'if-match': etagOf(product) };
  await subject.ask('updateProduct', 'sku-taken', { path: { id }, headers, body: { sku: other.body.sku } });
  await subject.ask('updateProduct', 200, { path: { id }, headers, change: {} });
  await subject.ask('deleteProduct', 204, { path: { id: other.body.id }, headers: { 'if-match': etagOf(other) } });
}

export async function inventory(subject: Subject): Promise<void> {
  const path = { id: (await aProduct(subject)).body.id };
  const read = await subject.ask('getInventory', 200, { path });
  await subject.ask('getInventory', 304, { path, headers: { 'if-none-match': etagOf(read) } });
  const set = await subject.ask('setOnHand', 200, { path, change: {}, headers: { 'if-match': etagOf(read) } });
  await subject.ask('adjustStock', 201, { path, change: {} });
  await subject.ask('adjustStock', 'insufficient-stock', { path, body: { delta: -1_000, reason: 'Too much' } });
  await subject.ask('listMovements', 200, { path });
  // Below what an order has reserved.
  await subject.ask('placeOrder', 201, {
    change: { items: [{ productId: path.id, quantity: 2 }], paymentMethod: null },
  });
  const now = await subject.ask('getInventory', 200, { path });
  await subject.ask('setOnHand', 'insufficient-stock', {
    path,
    body: { onHand: 1 },
    headers: { 'if-match': etagOf(now) },
  });
  await subject.ask('setOnHand', 'precondition-failed', { path, change: {}, headers: { 'if-match': etagOf(set) } });
}

/** What order-service asks product-service, and the pictures; at the service's own port alone. */
export async function behindTheGateway(subject: Subject): Promise<void> {
  const product = (await aProduct(subject, 3)).body;
  await subject.ask('getProductsById', 200, { query: { ids: product.id } });
  const items = [{ productId: product.id, quantity: 2 }];
  const first = { orderId: randomUUID() };
  await subject.ask('reserveStock', 200, { path: first, change: { items } });
  await subject.ask('reserveStock', 200, { path: first, change: { items } });
  await subject.ask('reserveStock', 'conflict', {
    path: first,
    body: { items: [{ productId: product.id, quantity: 1 }] },
  });
  await subject.ask('getReservation', 200, { path: first });
  await subject.ask('reserveStock', 'out-of-stock', { path: { orderId: randomUUID() }, body: { items } });
  await subject.ask('settleReservations', 200, { change: { commit: [first.orderId] } });
  const second = { orderId: randomUUID() };
  await subject.ask('releaseStock', 204, { path: second });
  await subject.ask('reserveStock', 'reservation-closed', {
    path: second,
    body: { items: [{ productId: product.id, quantity: 1 }] },
  });
  const seeded = (await subject.ask('listProducts', 200, { query: { q: 'lamp' } })).body.items[0];
  const file = seeded?.imageUrl.split('/').at(-1) ?? '';
  const picture = await subject.ask('getPicture', 200, { path: { file } });
  await subject.ask('getPicture', 304, { path: { file }, headers: { 'if-none-match': etagOf(picture) } });
}

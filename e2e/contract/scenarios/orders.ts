import { randomUUID } from 'node:crypto';
import { waitFor } from '@souk/testing';
import type { Platform } from '../../src/platform.ts';
import { holdTable } from '../held-table.ts';
import { type AnyBody, type Asked, ContractBrokenError, type Given, type Subject, type Who } from '../subject.ts';
import { aPerson } from './accounts.ts';
import { aProduct } from './catalogue.ts';

export interface OrderWish {
  as?: Who;
  paymentMethod?: string | null;
}

/** An order of one piece of a new product. */
export async function anOrder(subject: Subject, { as = 'customer', paymentMethod = null }: OrderWish = {}) {
  const productId = (await aProduct(subject)).body.id;
  return subject.ask('placeOrder', 201, { as, change: { items: [{ productId, quantity: 1 }], paymentMethod } });
}

/** The order once it is so. */
export function orderWhen(subject: Subject, id: string, expected: Partial<AnyBody>): Promise<Given<AnyBody>> {
  const wanted = Object.entries(expected) as [keyof AnyBody, unknown][];
  return waitFor(
    async () => {
      const given = await subject.ask('getOrder', 200, { as: 'admin', path: { id } });
      return wanted.every(([field, value]) => given.body[field] === value) ? given : undefined;
    },
    { timeoutMs: 30_000, everyMs: 50, what: `Order ${id} with ${JSON.stringify(expected)}` },
  );
}

export async function aCompletedOrder(subject: Subject): Promise<Given<AnyBody>> {
  const { body } = await anOrder(subject, { paymentMethod: 'tok_ok' });
  return orderWhen(subject, body.id, { status: 'completed' });
}

export async function cart(subject: Subject): Promise<void> {
  const path = { productId: (await aProduct(subject)).body.id };
  await subject.ask('putCartItem', 200, { path, change: {} });
  await subject.ask('getCart', 200);
  await subject.ask('removeCartItem', 200, { path });
  await subject.ask('clearCart', 204);
}

export async function ordering(subject: Subject): Promise<void> {
  const productId = (await aProduct(subject, 3)).body.id;
  const items = [{ productId, quantity: 1 }];
  await subject.ask('placeOrder', 'validation', { change: {} });
  await subject.ask('placeOrder', 'out-of-stock', { change: { items: [{ productId, quantity: 4 }] } });
  await subject.ask('clearCart', 204);
  await subject.ask('placeOrder', 'cart-empty', { change: { items: null } });
  const headers = { 'idempotency-key': randomUUID() };
  const first = await subject.ask('placeOrder', 201, { change: { items }, headers });
  const again = await subject.ask('placeOrder', 201, { change: { items }, headers });
  if (again.headers.get('idempotent-replayed') !== 'true' || again.body.id !== first.body.id) {
    throw new ContractBrokenError('The same key was not answered alike');
  }
  await subject.ask('placeOrder', 'idempotency-key-reused', { change: { items, paymentMethod: 'tok_slow' }, headers });
}

/** Two requests that meet: of one key, and of one cart. */
export async function orderingAtOnce(subject: Subject, platform: Platform): Promise<void> {
  const databaseUrl = platform.databaseUrl('orders');
  const productId = (await aProduct(subject)).body.id;
  await meet(subject, {
    ...{ id: 'placeOrder', databaseUrl, table: 'orders' },
    wish: async () => ({ change: { items: [{ productId, quantity: 1 }] } }),
  });
  const buyer = await aPerson(subject);
  const outcomes = await untilDecided(async () => {
    await subject.ask('putCartItem', 200, { as: buyer, path: { productId }, change: {} });
    const held = await holdTable(databaseUrl, 'orders');
    const both = [1, 2].map(() => subject.send('placeOrder', { as: buyer, change: { items: null } }));
    await held.untilWaiting(2).finally(() => held.letGo());
    return (await Promise.all(both)).map(({ outcome }) => outcome);
  });
  if (outcomes.sort().join() !== '201,conflict') throw new ContractBrokenError(`One cart twice: ${outcomes}`);
}

interface Meeting {
  id: string;
  /** What is asked twice, made anew for each try. */
  wish: () => Promise<Asked>;
  databaseUrl: string;
  table: string;
}

/** The same request twice at the same moment: one is made, the other told that the key is in use. */
export async function meet(subject: Subject, { id, wish, databaseUrl, table }: Meeting): Promise<void> {
  const outcomes = await untilDecided(async () => {
    const asked = { ...(await wish()), headers: { 'idempotency-key': randomUUID() } };
    const held = await holdTable(databaseUrl, table);
    const both = [subject.send(id, asked), subject.send(id, asked)];
    const first = await Promise.race(both).finally(() => held.letGo());
    const all = (await Promise.all(both)).map(({ outcome }) => outcome);
    return [first.outcome, ...all.sort()];
  });
  const expected = ['idempotency-in-progress', '201', 'idempotency-in-progress'];
  if (outcomes.join() !== expected.join()) throw new ContractBrokenError(`${id} twice at once: ${outcomes}`);
}

const TRIES_MAX = 10;

/**
 * Services wait for a lock for a second; on a machine that is busy the other request may come later than that. And who waits
 * for the table may be a sweep: then one order was placed before the other has read the cart.
 */
async function untilDecided(send: () => Promise<string[]>): Promise<string[]> {
  for (let tries = 1; ; tries += 1) {
    const outcomes = await send();
    const isUndecided = outcomes.some((outcome) => outcome === 'unavailable' || outcome === 'cart-empty');
    if (!isUndecided || tries === TRIES_MAX) return outcomes;
  }
}

export async function readingOrders(subject: Subject): Promise<void> {
  const { body } = await anOrder(subject);
  const path = { id: body.id };
  await subject.ask('listOrders', 200, { query: { status: 'pending', limit: 2 } });
  await subject.ask('listOrders', 200, { as: 'admin', query: { scope: 'all', limit: 2 } });
  await subject.ask('listOrders', 'forbidden', { query: { scope: 'all' } });
  const { headers } = await subject.ask('getOrder', 200, { path });
  await subject.ask('getOrder', 304, { path, headers: { 'if-none-match': headers.get('etag') ?? '' } });
  await subject.ask('getOrderTimeline', 200, { path });
  await subject.ask('getOrderTimeline', 200, { path, headers: { accept: 'text/event-stream' } });
  await subject.ask('getOrderTimeline', 'not-acceptable', { path, headers: { accept: 'image/png' } });
}

export async function changingOrders(subject: Subject): Promise<void> {
  const { body, headers } = await anOrder(subject);
  const path = { id: body.id };
  const ifMatch = { 'if-match': headers.get('etag') ?? '' };
  await subject.ask('changeOrder', 200, { path, change: {}, headers: ifMatch });
  await subject.ask('shipOrder', 'wrong-state', { path, change: {} });
  await subject.ask('deliverOrder', 'wrong-state', { path });
  await subject.ask('cancelOrder', 200, { path, change: {} });

  const completed = { id: (await aCompletedOrder(subject)).body.id };
  await subject.ask('shipOrder', 200, { path: completed, change: {} });
  const delivered = await subject.ask('deliverOrder', 200, { path: completed });
  await subject.ask('cancelOrder', 'not-cancellable', { path: completed, change: {} });
  const late = { 'if-match': `"${delivered.body.version}"` };
  await subject.ask('changeOrder', 'wrong-state', { path: completed, change: {}, headers: late });
}

/** What payment-service asks order-service; at its own port alone. */
export async function ordersForServices(subject: Subject): Promise<void> {
  const path = { id: (await anOrder(subject)).body.id };
  const { headers } = await subject.ask('getInternalOrder', 200, { path });
  await subject.ask('getInternalOrder', 304, { path, headers: { 'if-none-match': headers.get('etag') ?? '' } });
}

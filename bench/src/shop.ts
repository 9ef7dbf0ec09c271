import { randomUUID } from 'node:crypto';
import { ClientError, createClient, type SoukClient } from '@souk/client';
import type { Sender } from './load.ts';

/** The bench cannot go on: what was expected, what was found and what to do. */
export class BenchError extends Error {
  override readonly name = 'BenchError';
}

export interface Shop {
  /** Of the customer who buys. What is measured goes past it, over the sender's own connections. */
  client: SoukClient;
  productIds: string[];
}

async function logIn(url: string, email: string): Promise<SoukClient> {
  const client = createClient({ baseUrl: url });
  try {
    await client.logIn(email, 'correct-horse-battery');
    return client;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const hint =
      ' A platform that limits the rate is started for a bench with RATE_LIMIT_PER_MINUTE=10000000 RATE_LIMIT_LOGIN_PER_MINUTE=1000 npm start';
    throw new BenchError(`Login as ${email}: ${error.message}.${hint}`);
  }
}

/** Logs in, picks products, and puts enough of each on the shelf that the checkout run cannot sell out. */
export async function prepareShop(url: string, stockPerProduct: number): Promise<Shop> {
  const administrator = await logIn(url, 'admin@souk.example');
  const { items } = await administrator.call('listProducts', { query: { limit: 50 } });
  const productIds = items.map(({ id }) => id);
  if (productIds.length === 0)
    throw new BenchError('The catalog is empty: start the platform with SEED_DEMO_DATA=true');
  for (const id of productIds) {
    await administrator.call('adjustStock', { path: { id }, body: { delta: stockPerProduct, reason: 'benchmark' } });
  }
  return { client: await logIn(url, 'customer@souk.example'), productIds };
}

const shippingAddress = {
  name: 'Bench Mark',
  line1: 'Load Street 1',
  city: 'Berlin',
  postalCode: '10115',
  country: 'DE',
};

/** Places one order of one to three lines and answers its id, or undefined when it was refused. */
export async function placeOrder(
  sender: Sender,
  shop: Shop,
  sequence: number,
): Promise<{ status: number; orderId?: string }> {
  const lines = 1 + (sequence % 3);
  const items = Array.from({ length: lines }, (_, line) => ({
    productId: shop.productIds[(sequence * 7 + line) % shop.productIds.length],
    quantity: 1,
  }));
  const answer = await sender.send({
    method: 'POST',
    path: '/api/v1/orders',
    headers: { authorization: `Bearer ${shop.client.tokens?.accessToken}`, 'idempotency-key': randomUUID() },
    body: { items, shippingAddress, paymentMethod: 'tok_ok' },
  });
  return answer.status === 201 ? { status: 201, orderId: JSON.parse(answer.body).id } : { status: answer.status };
}

/** How many orders of the customer are not decided. */
export async function countPending({ client }: Shop): Promise<number> {
  return (await client.call('listOrders', { query: { status: 'pending', limit: 1 } })).total;
}

/** Waits until the customer has no more pending orders than at the start; answers the moment it saw that. */
export async function waitUntilSettled(
  shop: Shop,
  { pendingBefore, timeoutMs }: { pendingBefore: number; timeoutMs: number },
): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  while ((await countPending(shop)) > pendingBefore) {
    if (performance.now() > deadline)
      throw new BenchError(`Orders are still pending ${timeoutMs} ms after the last was placed`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return performance.now();
}

/** The time from order.created to order.completed as the order's own timeline tells it; undefined for another end. */
export async function completionTimeMs({ client }: Shop, orderId: string): Promise<number | undefined> {
  const { items } = await client.call('getOrderTimeline', { path: { id: orderId }, query: { limit: 100 } });
  const at = (type: string) => items.find((entry) => entry.type === type)?.at;
  const [created, completed] = [at('order.created'), at('order.completed')];
  return created && completed ? Date.parse(completed) - Date.parse(created) : undefined;
}

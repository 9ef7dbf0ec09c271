import { randomUUID } from 'node:crypto';
import type { Answer, Sender } from './load.ts';

/** The bench cannot go on: what was expected, what was found and what to do. */
export class BenchError extends Error {
  override readonly name = 'BenchError';
}

export interface Shop {
  customerToken: string;
  productIds: string[];
}

function expectStatus(answer: Answer, expected: number, what: string): void {
  if (answer.status === expected) return;
  const hint =
    answer.status === 429
      ? ' The platform limits the rate: start it with RATE_LIMIT_PER_MINUTE=100000000 RATE_LIMIT_LOGIN_PER_MINUTE=1000 npm start'
      : '';
  throw new BenchError(`${what}: expected ${expected}, found ${answer.status} ${answer.body.slice(0, 300)}.${hint}`);
}

async function login(sender: Sender, email: string): Promise<string> {
  const body = { email, password: 'correct-horse-battery' };
  const answer = await sender.send({ method: 'POST', path: '/api/v1/users/login', body });
  expectStatus(answer, 200, `Login as ${email}`);
  return JSON.parse(answer.body).accessToken;
}

/** Logs in, picks products, and puts enough of each on the shelf that the checkout run cannot sell out. */
export async function prepareShop(sender: Sender, stockPerProduct: number): Promise<Shop> {
  const list = await sender.send({ path: '/api/v1/products?limit=50' });
  expectStatus(list, 200, 'List of products');
  const productIds: string[] = JSON.parse(list.body).items.map((item: { id: string }) => item.id);
  if (productIds.length === 0)
    throw new BenchError('The catalog is empty: start the platform with SEED_DEMO_DATA=true');
  const authorization = `Bearer ${await login(sender, 'admin@souk.example')}`;
  for (const id of productIds) {
    const path = `/api/v1/products/${id}/inventory/adjustments`;
    const body = { delta: stockPerProduct, reason: 'benchmark' };
    expectStatus(
      await sender.send({ method: 'POST', path, body, headers: { authorization } }),
      201,
      'Stock for the benchmark',
    );
  }
  return { customerToken: await login(sender, 'customer@souk.example'), productIds };
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
    headers: { authorization: `Bearer ${shop.customerToken}`, 'idempotency-key': randomUUID() },
    body: { items, shippingAddress, paymentMethod: 'tok_ok' },
  });
  return answer.status === 201 ? { status: 201, orderId: JSON.parse(answer.body).id } : { status: answer.status };
}

async function countPending(sender: Sender, shop: Shop): Promise<number> {
  const headers = { authorization: `Bearer ${shop.customerToken}` };
  const answer = await sender.send({ path: '/api/v1/orders?status=pending&limit=1', headers });
  expectStatus(answer, 200, 'Count of pending orders');
  return JSON.parse(answer.body).total;
}

/** Waits until the customer has no more pending orders than at the start; answers the moment it saw that. */
export async function waitUntilSettled(
  sender: Sender,
  shop: Shop,
  { pendingBefore, timeoutMs }: { pendingBefore: number; timeoutMs: number },
): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  while ((await countPending(sender, shop)) > pendingBefore) {
    if (performance.now() > deadline)
      throw new BenchError(`Orders are still pending ${timeoutMs} ms after the last was placed`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return performance.now();
}

/** The time from order.created to order.completed as the order's own timeline tells it; undefined for another end. */
export async function completionTimeMs(sender: Sender, shop: Shop, orderId: string): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${shop.customerToken}` };
  const answer = await sender.send({ path: `/api/v1/orders/${orderId}/events?limit=100`, headers });
  expectStatus(answer, 200, 'Timeline of an order');
  const entries: { type: string; at: string }[] = JSON.parse(answer.body).items;
  const at = (type: string) => entries.find((entry) => entry.type === type)?.at;
  const [created, completed] = [at('order.created'), at('order.completed')];
  return created && completed ? Date.parse(completed) - Date.parse(created) : undefined;
}

export { countPending };

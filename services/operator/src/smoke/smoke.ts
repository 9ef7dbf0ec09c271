import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const REQUEST_TIMEOUT_MS = 10_000;
const ORDER_TIMEOUT_MS = 60_000;
const POLL_MS = 500;

/** The shop does not do what a customer expects of it. */
export class SmokeError extends Error {
  override readonly name = 'SmokeError';
}

export interface SmokeOptions {
  /** Of the gateway, without a slash at its end. */
  shopUrl: string;
  say: (line: string) => void;
}

interface Order {
  id: string;
  status: string;
  version: number;
}

/**
 * Buys one thing as a new customer would, through the public door, and takes the order back. A catalogue without anything to
 * buy is looked at only.
 */
export async function runSmokeTest({ say, shopUrl }: SmokeOptions): Promise<void> {
  const email = `smoke-${randomUUID()}@souk.example`;
  const password = `smoke ${randomUUID()}`;
  const send = createSender(shopUrl);
  await send('/api/v1/users', { body: { email, password, name: 'Smoke Test' } });
  const { accessToken } = (await send('/api/v1/users/login', { body: { email, password } })) as { accessToken: string };
  say('Registered and logged in');
  const { items } = (await send('/api/v1/products?limit=50')) as { items: { id: string; available: number }[] };
  const product = items.find(({ available }) => available > 0);
  if (!product) {
    say(`The catalogue shows ${items.length} products and none to buy: no order was placed`);
    return;
  }
  const order = (await send('/api/v1/orders', {
    token: accessToken,
    headers: { 'idempotency-key': randomUUID() },
    body: {
      items: [{ productId: product.id, quantity: 1 }],
      shippingAddress: {
        name: 'Smoke Test',
        line1: '1 Test Street',
        city: 'London',
        postalCode: 'W1A 1AA',
        country: 'GB',
      },
      paymentMethod: 'tok_ok',
    },
  })) as Order;
  say(`Placed order ${order.id}`);
  const read = async () => (await send(`/api/v1/orders/${order.id}`, { token: accessToken })) as Order;
  await until(read, 'completed');
  say('The order is paid for');
  await send(`/api/v1/orders/${order.id}/cancel`, { token: accessToken, body: {} });
  await until(read, 'cancelled');
  say('The order is cancelled');
}

async function until(read: () => Promise<Order>, status: string): Promise<void> {
  const end = Date.now() + ORDER_TIMEOUT_MS;
  let order = await read();
  while (order.status !== status) {
    if (Date.now() > end) throw new SmokeError(`The order stays ${order.status}, expected ${status}`);
    await pause(POLL_MS);
    order = await read();
  }
}

interface Sending {
  body?: unknown;
  token?: string;
  headers?: Record<string, string>;
}

function createSender(shopUrl: string) {
  return async (path: string, { body, headers, token }: Sending = {}): Promise<unknown> => {
    const response = await fetch(`${shopUrl}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new SmokeError(`${path} was answered with ${response.status}: ${text.slice(0, 300)}`);
    return text === '' ? undefined : JSON.parse(text);
  };
}

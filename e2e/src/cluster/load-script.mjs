// Runs inside the cluster, in a pod of its own: sends a fixed number of requests a second to the gateway, whatever comes
// back, until /tmp/stop is there; then waits for its orders and prints one line of JSON. Node built-ins only.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const { BASE, INSIST, RATE } = process.env;
const api = `${BASE}/api/v1`;
const intervalMs = 1_000 / Number(RATE);
const password = 'correct-horse-battery';
const shippingAddress = { name: 'Load', line1: 'Street 1', city: 'Berlin', postalCode: '10115', country: 'DE' };

async function call(path, { token, body, headers = {} } = {}) {
  const response = await fetch(api + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...headers,
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await response.text();
  assert(response.ok, `${path} ${response.status} ${text.slice(0, 200)}`);
  return JSON.parse(text);
}

async function insist(attempt, seconds = 90) {
  for (const end = Date.now() + seconds * 1_000; ; await sleep(500)) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

const logIn = async (name) =>
  (await insist(() => call('/users/login', { body: { email: `${name}@souk.example`, password } }))).accessToken;

const admin = await logIn('admin');
const token = await logIn('customer');
const products = (await insist(() => call('/products?inStock=true&limit=10'))).items.map(({ id }) => id);
for (const id of products) {
  const body = { delta: 100_000, reason: 'load' };
  await insist(() => call(`/products/${id}/inventory/adjustments`, { token: admin, body }));
}

const orders = [];
const latencies = [];
const failures = [];
let sent = 0;
/** How late this program itself came to run: on a machine that starves it, nothing is said about the shop. */
let msLag = 0;

function placeOrder(index) {
  const body = {
    items: [{ productId: products[index % products.length], quantity: 1 }],
    paymentMethod: 'tok_ok',
    shippingAddress,
  };
  // The key makes a retry safe: the same order comes back, however often it is asked for.
  const headers = { 'idempotency-key': randomUUID() };
  const attempt = () => call('/orders', { token, headers, body });
  return (INSIST === 'true' ? insist(attempt) : attempt()).then(({ id }) => orders.push(id));
}

function requestOf(index) {
  const product = products[index % products.length];
  switch (index % 10) {
    case 0:
      return placeOrder(index / 10);
    case 1:
    case 2:
      return call('/orders?limit=5', { token });
    case 3:
      return call('/users/me', { token });
    case 4:
    case 5:
      return call(`/products/${product}`);
    case 6:
      return call('/products?q=lamp&limit=5');
    default:
      return call(`/products?limit=10&sort=price`);
  }
}

async function send(index) {
  const startedAt = performance.now();
  try {
    await requestOf(index);
    latencies.push(performance.now() - startedAt);
  } catch (error) {
    const reason = `${error.message} ${error.cause?.code ?? error.cause?.message ?? ''}`.trim();
    failures.push(`${new Date().toISOString()} ${reason} after ${Math.round(performance.now() - startedAt)} ms`);
  }
}

console.log('started');
const running = new Set();
const startedAt = performance.now();
while (!existsSync('/tmp/stop')) {
  const due = Math.floor((performance.now() - startedAt) / intervalMs);
  for (; sent < due; sent += 1) {
    const request = send(sent).finally(() => running.delete(request));
    running.add(request);
  }
  const before = performance.now();
  await sleep(5);
  msLag = Math.max(msLag, performance.now() - before - 5);
}
const seconds = (performance.now() - startedAt) / 1_000;
await Promise.all(running);

const ends = {};
for (const id of orders) {
  const status = await insist(async () => {
    const order = await call(`/orders/${id}`, { token });
    assert(order.status !== 'pending', 'pending');
    return order.status;
  }).catch((error) => error.message.slice(0, 80));
  ends[status] = (ends[status] ?? 0) + 1;
}
latencies.sort((a, b) => a - b);
const at = (share) => Math.round(latencies[Math.floor(latencies.length * share)] ?? 0);
const result = {
  sent,
  seconds: Math.round(seconds),
  failed: failures.length,
  samples: failures.slice(0, 8),
  orders: orders.length,
  ends,
};
console.log(JSON.stringify({ ...result, msP50: at(0.5), msP99: at(0.99), msLag: Math.round(msLag) }));

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEvent, QUEUES } from '@souk/contracts';
import { type Broker, createInProcessBroker, type Delivery } from '@souk/messaging';
import { newId } from '@souk/service-runtime';
import { startTestIdentity, type TestIdentity, waitFor } from '@souk/testing';
import { notificationService } from 'notification-service';
import { orderService } from 'order-service';
import { paymentService } from 'payment-service';
import { productService } from 'product-service';
import { userService } from 'user-service';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  make,
  runContract,
  runFuzz,
  runReads,
  type ServiceUnderContract,
  serviceToken,
  startForContract,
  tokensOf,
} from './service-contract.ts';

// Hundreds of requests each, one after the other: ten seconds on a machine that does nothing else.
vi.setConfig({ testTimeout: 240_000 });

const PASSWORD = 'tangerine-kettle-91';
const ADDRESS = { name: 'A Person', line1: '1 Street', city: 'Town', postalCode: '12345', country: 'DE' };

let identity: TestIdentity;
let env: Record<string, string>;
const running: ServiceUnderContract[] = [];
const seed = Number(process.env.SOUK_FUZZ_SEED ?? Date.now() % 2 ** 31);

beforeAll(async () => {
  identity = await startTestIdentity();
  env = { USER_SERVICE_URL: identity.url, JWT_ISSUER: identity.issuer, JWT_AUDIENCE: identity.audience };
});
afterAll(async () => {
  for (const service of running) await service.stop();
  await identity.stop();
});

async function started(service: Promise<ServiceUnderContract>): Promise<ServiceUnderContract> {
  running.push(await service);
  return await service;
}

async function aProduct(url: string, token: string | undefined): Promise<string> {
  await make(`${url}/api/v1/categories`, { token, body: { slug: 'tea', name: 'Tea' } }).catch(() => undefined);
  const price = { amount: 500, currency: 'EUR' };
  const body = {
    name: 'Green tea',
    description: 'Leaves',
    category: 'tea',
    price,
    sku: `TEA-${Date.now()}`,
    stock: 10,
  };
  return (await make(`${url}/api/v1/products`, { token, body })).id ?? '';
}

test('product-service refuses on every route what its document says', async () => {
  const service = await started(startForContract(productService, env));
  const tokens = await tokensOf(identity, 'product-service');
  const id = await aProduct(service.url, tokens.admin);
  const objects = {
    '/api/v1/products/{id}': `/api/v1/products/${id}`,
    '/api/v1/products/{id}/inventory': `/api/v1/products/${id}/inventory`,
    '/api/v1/categories/{slug}': '/api/v1/categories/tea',
  };
  const { cases, failures } = await runContract(service, { tokens, objects });
  expect(failures).toEqual([]);
  expect(cases.length).toBeGreaterThan(250);
  const movements = '/api/v1/products/{id}/inventory/movements';
  const readable = { ...objects, [movements]: movements.replace('{id}', id) };
  expect(await runReads(service, { tokens, objects: readable })).toEqual(
    expect.arrayContaining(['/api/v1/products', '/api/v1/products/{id}', '/api/v1/categories', movements]),
  );
  expect(await runFuzz(service, { tokens, objects: readable, seed, unavailableAllowed: false })).toEqual([]);
});

test('order-service refuses on every route what its document says', async () => {
  const products = await started(startForContract(productService, env));
  const service = await started(startForContract(orderService, { ...env, PRODUCT_SERVICE_URL: products.url }));
  const tokens = await tokensOf(identity, 'order-service');
  const productId = await aProduct(products.url, tokens.admin);
  const body = { items: [{ productId, quantity: 1 }], shippingAddress: ADDRESS };
  const order = await make(`${service.url}/api/v1/orders`, { token: tokens.customer, body, key: 'contract' });
  const own = ['', '/cancel', '/events'].map((rest) => [
    `/api/v1/orders/{id}${rest}`,
    `/api/v1/orders/${order.id}${rest}`,
  ]);
  const objects = Object.fromEntries(own);
  const { cases, failures } = await runContract(service, { tokens, objects });
  expect(failures).toEqual([]);
  expect(cases.length).toBeGreaterThan(150);
  const readable = { ...objects, '/internal/orders/{id}': `/internal/orders/${order.id}` };
  const read = await runReads(service, { tokens, objects: readable });
  expect(read).toEqual(
    expect.arrayContaining(['/api/v1/cart', '/api/v1/orders', '/api/v1/orders/{id}', '/api/v1/orders/{id}/events']),
  );
  expect(await runFuzz(service, { tokens, objects: readable, seed, unavailableAllowed: false })).toEqual([]);
});

/** Takes what nobody else here would, so that publishing is confirmed. */
async function takeTheRest(broker: Broker, except: string): Promise<void> {
  const onBatch = async (batch: Delivery[]) => {
    for (const delivery of batch) delivery.ack();
  };
  for (const { service, queue } of QUEUES) {
    if (service !== except) await broker.consume({ queue, prefetch: 100, batchMax: 100, onBatch });
  }
}

/** A payment comes to be as it does in the shop: payment-service hears of the order. */
async function aPayment(service: ServiceUnderContract, broker: Broker, token: string | undefined): Promise<string> {
  const userId = String(JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString()).sub);
  const [orderId, price] = [newId(), { amount: 500, currency: 'EUR' }];
  const line = { productId: newId(), sku: 'TEA', name: 'Tea', quantity: 1, unitPrice: price, lineTotal: price };
  const data = {
    ...{ orderId, userId, email: 'a@souk.example', name: 'A Person', phone: null, items: [line], total: price },
    ...{ paymentMethod: 'tok_ok', reservationExpiresAt: new Date(Date.now() + 600_000).toISOString() },
  };
  const event = createEvent({
    id: newId(),
    type: 'order.created',
    subject: orderId,
    time: new Date(),
    sequence: 1,
    data,
  });
  await broker.publish([{ id: event.id, type: event.type, body: Buffer.from(JSON.stringify(event)), mandatory: true }]);
  return await waitFor(
    async () => {
      const response = await fetch(`${service.url}/api/v1/payments?orderId=${orderId}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const { items } = (await response.json()) as { items: { id: string; status: string }[] };
      return items[0]?.status === 'captured' ? items[0].id : undefined;
    },
    { timeoutMs: 20_000, what: 'A captured payment' },
  );
}

test('payment-service refuses on every route what its document says', async () => {
  const broker = createInProcessBroker({ retryDelaysMs: [0, 20] });
  await takeTheRest(broker, 'payment-service');
  const service = await started(startForContract(paymentService, env, broker));
  const tokens = await tokensOf(identity, 'payment-service');
  const id = await aPayment(service, broker, tokens.customer);
  const objects = {
    '/api/v1/payments/{id}': `/api/v1/payments/${id}`,
    '/api/v1/payments/{id}/refunds': `/api/v1/payments/${id}/refunds`,
  };
  const { cases, failures } = await runContract(service, { tokens, objects });
  expect(failures).toEqual([]);
  expect(cases.length).toBeGreaterThan(80);
  const read = await runReads(service, { tokens, objects });
  expect(read).toEqual(expect.arrayContaining(Object.keys(objects)));
  // Its neighbour order-service does not run here.
  expect(await runFuzz(service, { tokens, objects, seed, unavailableAllowed: true })).toEqual([]);
});

test('notification-service refuses on every route what its document says', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'souk-contract-mail-'));
  const service = await started(startForContract(notificationService, { ...env, MAIL_DIRECTORY: directory }));
  const tokens = await tokensOf(identity, 'notification-service');
  const { cases, failures } = await runContract(service, { tokens, objects: {} });
  expect(failures).toEqual([]);
  expect(cases.length).toBeGreaterThan(40);
  expect(await runReads(service, { tokens, objects: {} })).not.toEqual([]);
  // Its neighbour order-service does not run here.
  expect(await runFuzz(service, { tokens, objects: {}, seed, unavailableAllowed: true })).toEqual([]);
  await rm(directory, { recursive: true });
});

test('user-service refuses on every route what its document says', async () => {
  const service = await started(startForContract(userService, {}));
  const users = `${service.url}/api/v1/users`;
  const person = async (email: string, roles = '{customer}') => {
    const user = await make(users, { token: undefined, body: { email, password: PASSWORD, name: 'A Person' } });
    await service.database.ownerPool.query('UPDATE users SET roles = $2 WHERE id = $1', [user.id, roles]);
    const tokens = await make(`${users}/login`, { token: undefined, body: { email, password: PASSWORD } });
    return { id: user.id, token: tokens.accessToken };
  };
  const customer = await person('customer@souk.example');
  const stranger = await person('stranger@souk.example');
  const admin = await person('admin@souk.example', '{customer,admin}');
  const address = await make(`${users}/me/addresses`, { token: customer.token, body: ADDRESS });
  const objects = {
    '/api/v1/users/me/addresses/{id}': `/api/v1/users/me/addresses/${address.id}`,
    '/api/v1/users/{id}': `/api/v1/users/${customer.id}`,
  };
  const tokens = {
    nobody: undefined,
    customer: customer.token,
    stranger: stranger.token,
    admin: admin.token,
    service: await serviceToken('user-service'),
  };
  const { cases, failures } = await runContract(service, { tokens, objects });
  expect(failures).toEqual([]);
  expect(cases.length).toBeGreaterThan(200);
  const read = await runReads(service, { tokens, objects });
  expect(read).toEqual(expect.arrayContaining(['/api/v1/users/me', '/api/v1/users/{id}', '/api/v1/users/me/sessions']));
  const fuzz = { tokens: { ...tokens, customer: stranger.token }, objects, seed, unavailableAllowed: false };
  expect(await runFuzz(service, fuzz)).toEqual([]);
});

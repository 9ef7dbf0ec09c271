import { type CloudEvent, queueNameOf } from '@souk/contracts';
import { newId } from '@souk/service-runtime';
import { issueServiceToken, TEST_INTERNAL_SECRET, waitFor } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anAddress } from '../../test/builders.ts';
import { aPaymentEvent } from '../../test/order-world.ts';
import { type Person, type RunningOrderService, startOrderService } from '../../test/running-order-service.ts';
import { orderRepository } from './order-repository.ts';

let world: RunningOrderService;
let customer: Person;
let stranger: Person;
let admin: Person;
beforeAll(async () => {
  world = await startOrderService();
  customer = await world.person();
  stranger = await world.person();
  admin = await world.person({ roles: ['customer', 'admin'] });
});
afterAll(() => world.stop());

async function deliver(events: CloudEvent[]): Promise<void> {
  await world.service.context.broker.sendToQueue(
    queueNameOf('order-service'),
    events.map((event) => ({
      id: event.id,
      type: event.type,
      body: Buffer.from(JSON.stringify(event)),
      mandatory: true,
    })),
  );
}

async function placed(person = customer): Promise<string> {
  const answer = await person.order({ items: [{ productId: world.product(), quantity: 1 }] });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

async function paid(person = customer): Promise<string> {
  const orderId = await placed(person);
  const order = await orderRepository.find(world.database.pool, orderId);
  if (order) await deliver([aPaymentEvent(order, 'captured', 1)]);
  return orderId;
}

const slugOf = ({ status, body }: { status: number; body: { type: string } }) =>
  `${status} ${body.type.replace('/problems/', '')}`;

describe('GET /orders', () => {
  it('lists the caller’s own orders, newest first, page by page', async () => {
    const person = await world.person();
    const ids = [await placed(person), await placed(person), await placed(person)];
    const first = await person.call('GET', '/api/v1/orders?limit=2');
    expect(first.body).toMatchObject({ total: 3, items: [{ id: ids[2] }, { id: ids[1] }] });
    await placed(person);
    const second = await person.call('GET', `/api/v1/orders?limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ items: [{ id: ids[0] }], nextCursor: null });
  });

  it('filters by status, and refuses a cursor of another list', async () => {
    const person = await world.person();
    await placed(person);
    await placed(person);
    const done = await paid(person);
    const list = await person.call('GET', '/api/v1/orders?status=completed');
    expect(list.body).toMatchObject({ total: 1, items: [{ id: done }] });
    const page = await person.call('GET', '/api/v1/orders?limit=1');
    const foreign = await person.call('GET', `/api/v1/orders?status=pending&cursor=${page.body.nextCursor}`);
    expect(slugOf(foreign)).toBe('422 validation');
    expect(foreign.body.errors).toMatchObject([{ pointer: '/cursor' }]);
  });

  it('shows administrators everybody’s orders and one user’s; a customer who asks is refused', async () => {
    const orderId = await placed();
    const all = await admin.call('GET', '/api/v1/orders?scope=all&limit=100');
    expect(all.body.items.map((order) => order.id)).toContain(orderId);
    const ones = await admin.call('GET', `/api/v1/orders?scope=all&userId=${stranger.userId}`);
    expect(ones.body).toEqual({ items: [], nextCursor: null, total: 0 });
    for (const query of ['scope=all', `userId=${stranger.userId}`])
      expect(slugOf(await customer.call('GET', `/api/v1/orders?${query}`))).toBe('403 forbidden');
    expect((await admin.call('GET', '/api/v1/orders')).body.total).toBe(0);
  });

  it('refuses what is not in the contract', async () => {
    for (const query of ['limit=0', 'limit=101', 'limit=abc', 'status=paid', 'q=1', 'cursor=x', 'limit=1&limit=2'])
      expect(slugOf(await customer.call('GET', `/api/v1/orders?${query}`))).toBe('422 validation');
    // What only administrators may ask for is refused to others before it is read.
    expect(slugOf(await customer.call('GET', '/api/v1/orders?scope=mine'))).toBe('403 forbidden');
    expect(slugOf(await admin.call('GET', '/api/v1/orders?scope=mine'))).toBe('422 validation');
  });
});

describe('one order', () => {
  it('is seen by its owner and administrators, and by nobody else', async () => {
    const orderId = await placed();
    expect((await admin.call('GET', `/api/v1/orders/${orderId}`)).status).toBe(200);
    const attempts: [string, string, unknown?][] = [
      ['GET', ''],
      ['GET', '/events'],
      ['POST', '/cancel', {}],
      ['PATCH', '', { shippingAddress: anAddress() }],
    ];
    for (const [method, path, body] of attempts) {
      const options = { headers: { 'if-match': '"1"' }, ...(body === undefined ? {} : { body }) };
      expect(slugOf(await stranger.call(method, `/api/v1/orders/${orderId}${path}`, options))).toBe('404 not-found');
    }
    expect((await customer.call('GET', `/api/v1/orders/${orderId}`)).body).toMatchObject({
      status: 'pending',
      version: 1,
    });
    expect(
      slugOf(await admin.call('PATCH', `/api/v1/orders/${orderId}`, { body: {}, headers: { 'if-match': '"1"' } })),
    ).toBe('404 not-found');
  });

  it('answers 404 for what is no id, and 304 for the version the client has', async () => {
    for (const id of ['1', newId().toUpperCase(), newId(), `{${newId()}}`])
      expect(slugOf(await customer.call('GET', `/api/v1/orders/${id}`))).toBe('404 not-found');
    const orderId = await placed();
    const cached = await customer.call('GET', `/api/v1/orders/${orderId}`, { headers: { 'if-none-match': '"1"' } });
    expect(cached.status).toBe(304);
  });

  it('is told to other services with contact and expiry, and only to them', async () => {
    const orderId = await placed();
    const token = await issueServiceToken({
      from: 'payment-service',
      to: 'order-service',
      secret: TEST_INTERNAL_SECRET,
    });
    const url = `${world.service.url}/internal/orders/${orderId}`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    expect(await response.json()).toMatchObject({
      id: orderId,
      contact: { email: 'ada@souk.example', name: 'Ada Lovelace', phone: '+44 20 7946 0000' },
      reservationExpiresAt: expect.stringMatching(/Z$/),
    });
    expect(slugOf(await admin.call('GET', `/internal/orders/${orderId}`))).toBe('401 unauthorized');
  });
});

describe('PATCH /orders/{id}', () => {
  const shippingAddress = anAddress({ city: 'Paris', country: 'FR' });
  const patch = (orderId: string, tag?: string) =>
    customer.call('PATCH', `/api/v1/orders/${orderId}`, {
      body: { shippingAddress },
      ...(tag === undefined ? {} : { headers: { 'if-match': tag } }),
    });

  it('changes the address of an unfulfilled order of the version the client has seen', async () => {
    const orderId = await paid();
    expect(slugOf(await patch(orderId))).toBe('428 precondition-required');
    expect(slugOf(await patch(orderId, '*'))).toBe('428 precondition-required');
    for (const tag of ['"1"', 'W/"2"', '2', '"x"'])
      expect(slugOf(await patch(orderId, tag))).toBe('412 precondition-failed');
    const answer = await patch(orderId, '"2"');
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"3"']);
    expect(answer.body.shippingAddress).toEqual(shippingAddress);
    const [message] = await world.rows<{ type: string; body: string }>(
      'SELECT type, body FROM outbox WHERE aggregate_id = $1 AND sequence = 3',
      [orderId],
    );
    expect([message?.type, JSON.parse(message?.body ?? '').data.changed]).toEqual([
      'order.updated',
      ['shippingAddress'],
    ]);
  });

  it('without a body changes nothing, and still holds to the version', async () => {
    const orderId = await placed();
    const path = `/api/v1/orders/${orderId}`;
    expect(slugOf(await customer.call('PATCH', path))).toBe('428 precondition-required');
    const answer = await customer.call('PATCH', path, { headers: { 'if-match': '"1"' } });
    expect([answer.status, answer.body.version]).toEqual([200, 1]);
    expect(slugOf(await stranger.call('PATCH', path, { headers: { 'if-match': '"1"' } }))).toBe('404 not-found');
  });

  it('is refused once the order is on its way or cancelled', async () => {
    const onItsWay = await paid();
    await admin.call('POST', `/api/v1/orders/${onItsWay}/ship`, { body: { carrier: 'DHL', trackingNumber: '1' } });
    expect(slugOf(await patch(onItsWay, '"3"'))).toBe('409 wrong-state');
    const cancelled = await placed();
    await customer.call('POST', `/api/v1/orders/${cancelled}/cancel`);
    expect(slugOf(await patch(cancelled, '"2"'))).toBe('409 wrong-state');
  });
});

describe('POST /orders/{id}/cancel', () => {
  const cancel = (orderId: string, body?: unknown, person = customer) =>
    person.call('POST', `/api/v1/orders/${orderId}/cancel`, body === undefined ? {} : { body });

  it('cancels a pending order, with a reason or none, and answers a repeat alike', async () => {
    const orderId = await placed();
    const first = await cancel(orderId);
    expect(first.body).toMatchObject({ status: 'cancelled', cancelReason: 'customer', version: 2 });
    const second = await cancel(orderId, { reason: 'again' });
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect((await cancel(await placed(), { reason: 'found it cheaper' })).body.cancelReason).toBe('found it cheaper');
  });

  it('cancels a completed order that is unfulfilled, for an administrator too', async () => {
    const answer = await cancel(await paid(), {}, admin);
    expect(answer.body).toMatchObject({ status: 'cancelled', paymentStatus: 'captured' });
  });

  it('is refused once the order is shipped or delivered', async () => {
    const orderId = await paid();
    await admin.call('POST', `/api/v1/orders/${orderId}/ship`, { body: { carrier: 'DHL', trackingNumber: '1' } });
    expect(slugOf(await cancel(orderId))).toBe('409 not-cancellable');
    await admin.call('POST', `/api/v1/orders/${orderId}/deliver`);
    expect(slugOf(await cancel(orderId))).toBe('409 not-cancellable');
  });

  it('refuses reasons that are no text', async () => {
    const orderId = await placed();
    for (const body of [{ reason: 1 }, { reason: 'x'.repeat(501) }, { reason: 'a\u0000b' }, { because: 'x' }])
      expect(slugOf(await cancel(orderId, body))).toBe('422 validation');
  });
});

describe('shipping and delivery', () => {
  const tracking = { carrier: 'DHL', trackingNumber: '00340434161094042557' };

  it('are noted by administrators, in that order', async () => {
    const orderId = await paid();
    expect(slugOf(await customer.call('POST', `/api/v1/orders/${orderId}/ship`, { body: tracking }))).toBe(
      '403 forbidden',
    );
    expect(slugOf(await admin.call('POST', `/api/v1/orders/${orderId}/deliver`))).toBe('409 wrong-state');
    const shipped = await admin.call('POST', `/api/v1/orders/${orderId}/ship`, { body: tracking });
    expect(shipped.body).toMatchObject({ fulfillmentStatus: 'shipped', tracking, version: 3 });
    expect(slugOf(await admin.call('POST', `/api/v1/orders/${orderId}/ship`, { body: tracking }))).toBe(
      '409 wrong-state',
    );
    const delivered = await admin.call('POST', `/api/v1/orders/${orderId}/deliver`, { body: {} });
    expect(delivered.body).toMatchObject({ fulfillmentStatus: 'delivered', version: 4 });
    const types = await world.rows<{ type: string }>(
      'SELECT type FROM outbox WHERE aggregate_id = $1 ORDER BY sequence',
      [orderId],
    );
    expect(types.map(({ type }) => type)).toEqual([
      'order.created',
      'order.completed',
      'order.shipped',
      'order.delivered',
    ]);
  });

  it('are refused for an order that is not completed, and without their fields', async () => {
    const orderId = await placed();
    expect(slugOf(await admin.call('POST', `/api/v1/orders/${orderId}/ship`, { body: tracking }))).toBe(
      '409 wrong-state',
    );
    expect(slugOf(await admin.call('POST', `/api/v1/orders/${orderId}/ship`, { body: { carrier: 'DHL' } }))).toBe(
      '422 validation',
    );
    expect(slugOf(await admin.call('POST', `/api/v1/orders/${newId()}/deliver`))).toBe('404 not-found');
  });
});

describe('the stock of an ended order', () => {
  it('is committed, and restocked after a cancellation, even if no event arrived', async () => {
    const orderId = await paid();
    const outcome = async () =>
      (await world.rows<{ stock_outcome: string }>('SELECT stock_outcome FROM orders WHERE id = $1', [orderId]))[0]
        ?.stock_outcome;
    await waitFor(async () => (await outcome()) === 'committed');
    expect(world.products.reservations.get(orderId)?.status).toBe('committed');
    await customer.call('POST', `/api/v1/orders/${orderId}/cancel`);
    await waitFor(async () => (await outcome()) === 'restocked');
  });
});

describe('POST /orders', () => {
  it('refuses what is not in the contract, and reserves nothing', async () => {
    const productId = world.product();
    const item = { productId, quantity: 1 };
    const before = world.products.reservations.size;
    const bodies: Record<string, unknown>[] = [
      { items: [] },
      { items: [{ productId, quantity: 0 }] },
      { items: [{ productId, quantity: -1 }] },
      { items: [{ productId, quantity: 1.5 }] },
      { items: [{ productId, quantity: 100 }] },
      { items: [{ productId, quantity: '1' }] },
      { items: [{ ...item, price: 1 }] },
      { items: [{ productId: 'x', quantity: 1 }] },
      { items: Array.from({ length: 101 }, () => item) },
      { items: [item], total: 1 },
      { items: [item], userId: newId() },
      { items: [item], status: 'completed' },
      { items: [item], shippingAddress: anAddress({ country: 'XX' }) },
      { items: [item], shippingAddress: anAddress({ name: 'a\u0000b' }) },
      { items: [item], shippingAddress: null },
      { items: [item], paymentMethod: '4242424242424242' },
    ];
    for (const body of bodies) expect(slugOf(await customer.order(body))).toBe('422 validation');
    expect(world.products.reservations.size).toBe(before);
  });

  it('names the last of the lines of one product that are too many together, and echoes no payment method', async () => {
    const productId = world.product();
    const items = [50, 30, 20].map((quantity) => ({ productId, quantity }));
    expect((await customer.order({ items })).body.errors).toMatchObject([{ pointer: '/items/2/quantity' }]);
    const answer = await customer.order({ items: [{ productId, quantity: 1 }], paymentMethod: '4242424242424242' });
    expect(answer.text).not.toContain('4242');
  });

  it('needs a key, of 1 to 255 visible characters', async () => {
    const body = { shippingAddress: anAddress(), items: [{ productId: world.product(), quantity: 1 }] };
    const post = (headers: Record<string, string>) => customer.call('POST', '/api/v1/orders', { body, headers });
    expect(slugOf(await post({}))).toBe('400 idempotency-key-missing');
    for (const key of ['a b', 'x'.repeat(256)])
      expect(slugOf(await post({ 'idempotency-key': key }))).toBe('400 invalid-request');
    const anonymous = await fetch(`${world.service.url}/api/v1/orders`, { method: 'POST' });
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('Bearer'),
    ]);
  });
});

import { newId } from '@souk/service-runtime';
import { issueServiceToken, TEST_INTERNAL_SECRET } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../../test/api.ts';
import { anOrder, cancelled, created } from '../../test/harness.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const PAYMENTS = '/api/v1/payments';
const anUnpaidOrder = (overrides: object = {}) => {
  const order = { id: newId(), userId: api.customer.userId, ...overrides };
  api.orders.orders.set(order.id, order);
  return order;
};
const pay = (orderId: string, options: { token?: string; key?: string | null; paymentMethod?: string } = {}) => {
  const { paymentMethod = 'tok_ok', token = api.customer.token, ...rest } = options;
  return api.call('POST', PAYMENTS, { token, ...rest, body: { orderId, paymentMethod } });
};
const aCapturedPayment = async (overrides: object = {}) => {
  const order = anOrder({ userId: api.customer.userId, ...overrides });
  await api.publish(created(order));
  return { order, payment: await api.untilStatus(order.orderId, 'captured') };
};
const refund = (paymentId: string, body: object, options: { token?: string; key?: string } = {}) =>
  api.call('POST', `${PAYMENTS}/${paymentId}/refunds`, { token: api.admin.token, ...options, body });
const eur = (amount: number) => ({ amount, currency: 'EUR' });

describe('POST /payments', () => {
  test('pays an order that was placed without a method', async () => {
    const order = anUnpaidOrder();
    const answer = await pay(order.id);
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.any(String),
      orderId: order.id,
      amount: eur(3998),
      status: 'pending',
      failureCode: null,
      refunded: eur(0),
      createdAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
    });
    expect(answer.headers.get('location')).toBe(`${PAYMENTS}/${answer.body.id}`);
    await api.untilStatus(order.id, 'captured');
    expect(await api.ledger(order.id)).toHaveLength(1);
  });

  test('works before and after the event of the order has arrived, and the event changes nothing', async () => {
    const order = anOrder({ userId: api.customer.userId, paymentMethod: null });
    anUnpaidOrder({ id: order.orderId });
    await api.publish(created(order));
    expect((await pay(order.orderId)).status).toBe(201);
    await api.untilStatus(order.orderId, 'captured');
    await api.publish({ ...created(order) });
    expect(await api.ledger(order.orderId)).toHaveLength(1);
  });

  test('answers a repeated key with the same bytes, marked, and another body with 422', async () => {
    const order = anUnpaidOrder();
    const key = newId();
    const first = await pay(order.id, { key });
    const again = await pay(order.id, { key });
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect((await pay(anUnpaidOrder().id, { key })).body.type).toBe('/problems/idempotency-key-reused');
  });

  test('needs a key', async () => {
    const answer = await pay(anUnpaidOrder().id, { key: null });
    expect([answer.status, answer.body.type]).toEqual([400, '/problems/idempotency-key-missing']);
  });

  test('refuses an order that has a payment, and keeps that answer', async () => {
    const order = anUnpaidOrder();
    await pay(order.id);
    const key = newId();
    const refused = await pay(order.id, { key });
    expect([refused.status, refused.body.type]).toEqual([409, '/problems/payment-exists']);
    const again = await pay(order.id, { key });
    expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([409, refused.text, 'true']);
    expect((await pay(anUnpaidOrder({ paymentMethod: 'tok_ok' }).id)).body.type).toBe('/problems/payment-exists');
  });

  test('refuses an order that order-service says is cancelled, and one that is cancelled here', async () => {
    expect((await pay(anUnpaidOrder({ status: 'cancelled' }).id)).body.type).toBe('/problems/order-not-payable');
    const order = anOrder({ userId: api.customer.userId, paymentMethod: null });
    anUnpaidOrder({ id: order.orderId });
    await api.publish(created(order), cancelled(order));
    expect((await pay(order.orderId)).body.type).toBe('/problems/order-not-payable');
  });

  test('refuses an order whose reservation has expired', async () => {
    const order = anUnpaidOrder({ reservationExpiresAt: new Date(Date.now() - 1).toISOString() });
    expect((await pay(order.id)).body.type).toBe('/problems/order-not-payable');
  });

  test('shows a foreign or unknown order to nobody, not even to an administrator', async () => {
    expect((await pay(newId())).status).toBe(404);
    expect((await pay(anUnpaidOrder({ userId: newId() }).id)).status).toBe(404);
    expect((await pay(anUnpaidOrder().id, { token: api.admin.token })).status).toBe(404);
  });

  test('answers 503 while order-service is away, and the same key works afterwards', async () => {
    const order = anUnpaidOrder();
    const key = newId();
    api.orders.isDown = true;
    const refused = await pay(order.id, { key });
    api.orders.isDown = false;
    expect([refused.status, refused.body.type]).toEqual([503, '/problems/unavailable']);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect((await pay(order.id, { key })).status).toBe(201);
  });

  test('never echoes what was sent as a payment method', async () => {
    const answer = await pay(anUnpaidOrder().id, { paymentMethod: '4242424242424242' });
    expect([answer.status, answer.body.errors[0]?.pointer]).toEqual([422, '/paymentMethod']);
    expect(answer.text).not.toContain('4242');
  });

  test('takes one of twenty at once', async () => {
    const order = anUnpaidOrder();
    const answers = await Promise.all(Array.from({ length: 20 }, () => pay(order.id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(409)]);
    await api.untilStatus(order.id, 'captured');
    expect(await api.ledger(order.id)).toHaveLength(1);
  });
});

describe('GET /payments', () => {
  test('shows a payment to its owner and to administrators, to others nothing', async () => {
    const { payment, order } = await aCapturedPayment();
    const path = `${PAYMENTS}/${payment.id}`;
    const shown = await api.call('GET', path, { token: api.customer.token });
    expect(shown.body).toMatchObject({ id: payment.id, orderId: order.orderId, status: 'captured', refunded: eur(0) });
    expect((await api.call('GET', path, { token: api.admin.token })).status).toBe(200);
    const stranger = await api.identity.token();
    expect((await api.call('GET', path, { token: stranger })).status).toBe(404);
    expect((await api.call('GET', path)).status).toBe(401);
    const list = (token: string) => api.call('GET', `${PAYMENTS}?orderId=${order.orderId}`, { token });
    expect((await list(api.customer.token)).body).toMatchObject({ total: 1, items: [{ id: payment.id }] });
    expect((await list(api.admin.token)).body.total).toBe(1);
    expect((await list(stranger)).body).toEqual({ items: [], nextCursor: null, total: 0 });
  });

  test("lists the caller's own, newest first, in pages that fit together", async () => {
    const userId = newId();
    const token = await api.identity.token({ userId, roles: ['customer', 'admin'] });
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.unshift((await aCapturedPayment({ userId })).payment.id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await api.call('GET', `${PAYMENTS}?limit=2${cursor}`, { token });
      expect(body.total).toBe(5);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor === null ? '' : `&cursor=${encodeURIComponent(body.nextCursor ?? '')}`;
    } while (cursor !== '');
    expect(seen).toEqual(ids);
  });

  test('refuses a cursor of somebody else, unknown parameters and ids that are none', async () => {
    const { body } = await api.call('GET', `${PAYMENTS}?limit=1`, { token: api.customer.token });
    const foreign = `${PAYMENTS}?cursor=${encodeURIComponent(body.nextCursor ?? '')}`;
    expect((await api.call('GET', foreign, { token: api.admin.token })).status).toBe(422);
    expect((await api.call('GET', `${PAYMENTS}?user=1`, { token: api.customer.token })).status).toBe(422);
    expect((await api.call('GET', `${PAYMENTS}?orderId=1`, { token: api.customer.token })).status).toBe(422);
    expect((await api.call('GET', `${PAYMENTS}/1%20OR%201=1`, { token: api.customer.token })).status).toBe(404);
  });
});

describe('refunds', () => {
  test('give back a part, then the rest, and no more', async () => {
    const { order, payment } = await aCapturedPayment();
    const part = await refund(payment.id, { amount: eur(998), reason: 'Scratched' });
    expect(part.status).toBe(201);
    expect(part.body).toEqual({ id: expect.any(String), amount: eur(998), status: 'pending' });
    await api.untilStatus(order.orderId, 'partially_refunded');
    expect((await refund(payment.id, { amount: eur(3001), reason: 'x' })).body.type).toBe(
      '/problems/refund-exceeds-payment',
    );
    expect((await refund(payment.id, { reason: 'The rest' })).body.amount).toEqual(eur(3000));
    await api.untilStatus(order.orderId, 'refunded');
    expect((await refund(payment.id, { reason: 'x' })).body.type).toBe('/problems/refund-exceeds-payment');
    const { body } = await api.call('GET', `${PAYMENTS}/${payment.id}/refunds`, { token: api.admin.token });
    expect(body).toMatchObject({ total: 2, items: [{ amount: eur(3000) }, { ...part.body, status: 'succeeded' }] });
    const events = await api.published(order.orderId);
    expect(events.map(({ type, sequence, data }) => [type, sequence, data.refunded.amount])).toEqual([
      ['payment.completed', '1', 0],
      ['payment.refunded', '2', 998],
      ['payment.refunded', '3', 3998],
    ]);
    expect(events[1]?.data).toMatchObject({ refundId: part.body.id, refundAmount: eur(998) });
  });

  test('of 20 % asked for twenty times at once succeed five times', async () => {
    const { order, payment } = await aCapturedPayment({ total: eur(1000) });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => refund(payment.id, { amount: eur(200), reason: 'x' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array<number>(5).fill(201),
      ...Array<number>(15).fill(422),
    ]);
    await api.untilStatus(order.orderId, 'refunded');
    expect(await api.ledger(order.orderId)).toHaveLength(6);
  });

  test('with one key happen once', async () => {
    const { order, payment } = await aCapturedPayment();
    const key = newId();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => refund(payment.id, { amount: eur(1), reason: 'x' }, { key })),
    );
    for (const { status, body } of answers) expect([201, 409], JSON.stringify(body)).toContain(status);
    const ids = new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.id));
    expect(ids.size).toBe(1);
    await api.untilStatus(order.orderId, 'partially_refunded');
    expect((await api.ledger(order.orderId)).map(({ amount }) => amount)).toEqual(['3998', '1']);
  });

  test.each([
    [{ amount: { amount: 0, currency: 'EUR' }, reason: 'x' }, '/amount/amount'],
    [{ amount: { amount: -1, currency: 'EUR' }, reason: 'x' }, '/amount/amount'],
    [{ amount: { amount: 0.001, currency: 'EUR' }, reason: 'x' }, '/amount/amount'],
    [{ amount: { amount: 1, currency: 'USD' }, reason: 'x' }, '/amount/currency'],
    [{ amount: 100, reason: 'x' }, '/amount'],
    [{ amount: { amount: 1, currency: 'EUR' } }, '/reason'],
    [{ reason: 'x', currency: 'EUR' }, '/currency'],
  ])('of %j break the schema at %s', async (body, pointer) => {
    const { payment } = await aCapturedPayment();
    const answer = await refund(payment.id, body);
    expect([answer.status, answer.body.errors[0]?.pointer]).toEqual([422, pointer]);
  });

  test('need something captured, an administrator and a payment', async () => {
    const order = anOrder({ userId: api.customer.userId, paymentMethod: 'tok_declined' });
    await api.publish(created(order));
    const { id } = await api.untilStatus(order.orderId, 'failed');
    expect((await refund(id, { reason: 'x' })).body.type).toBe('/problems/not-refundable');
    expect((await refund(id, { reason: 'x' }, { token: api.customer.token })).status).toBe(403);
    expect((await refund(newId(), { reason: 'x' })).status).toBe(404);
    expect((await api.call('GET', `${PAYMENTS}/${newId()}/refunds`, { token: api.admin.token })).status).toBe(404);
  });
});

describe('GET /internal/sandbox/charges', () => {
  test("shows the provider's own books to services, and to nobody else", async () => {
    const { order, payment } = await aCapturedPayment();
    const path = `/internal/sandbox/charges?orderId=${order.orderId}`;
    const token = await issueServiceToken({
      from: 'order-service',
      to: 'payment-service',
      secret: TEST_INTERNAL_SECRET,
    });
    expect((await api.call('GET', path, { token })).body).toEqual({
      items: [
        {
          id: expect.any(String),
          orderId: order.orderId,
          kind: 'charge',
          amount: eur(3998),
          idempotencyKey: payment.id,
          at: expect.any(String),
        },
      ],
    });
    expect((await api.call('GET', path, { token: api.admin.token })).status).toBe(401);
  });
});

test('the webhook of a provider that is not used is 404', async () => {
  expect((await api.call('POST', `${PAYMENTS}/webhooks/stripe`, { key: null, body: {} })).status).toBe(404);
});

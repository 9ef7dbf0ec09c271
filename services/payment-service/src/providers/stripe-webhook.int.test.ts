import { newId } from '@souk/service-runtime';
import { waitFor } from '@souk/testing';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../../test/api.ts';
import { anOrder, cancelled, created } from '../../test/harness.ts';
import { type StripeStub, startStripeStub } from '../../test/stripe-stub.ts';

const SECRET = 'whsec_test_of_the_webhook';
const PATH = '/api/v1/payments/webhooks/stripe';
let api: Api;
let stub: StripeStub;
beforeAll(async () => {
  stub = await startStripeStub();
  api = await startApi({
    PAYMENT_PROVIDER: 'stripe',
    STRIPE_API_KEY: 'sk_test_1',
    STRIPE_WEBHOOK_SECRET: SECRET,
    STRIPE_API_BASE: stub.url,
    PAYMENT_PROVIDER_TIMEOUT_MS: '15000',
  });
});
afterAll(async () => {
  await api.stop();
  await stub.stop();
});

const sign = (payload: string, options: { secret?: string; timestamp?: number } = {}) =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET, ...options });
const send = (payload: string, signature: string | undefined, contentType = 'application/json') =>
  api.call('POST', PATH, {
    key: null,
    body: payload,
    headers: { 'content-type': contentType, ...(signature === undefined ? {} : { 'stripe-signature': signature }) },
  });
const anIntentEvent = (paymentId: string, overrides: { type?: string; intent?: object } = {}) =>
  JSON.stringify({
    id: `evt_${newId()}`,
    object: 'event',
    type: overrides.type ?? 'payment_intent.succeeded',
    data: {
      object: {
        id: 'pi_of_the_webhook',
        status: 'succeeded',
        amount: 3998,
        amount_received: 3998,
        currency: 'eur',
        metadata: { payment_id: paymentId },
        ...overrides.intent,
      },
    },
  });
const alarms = async () => {
  const { text } = await api.call('GET', '/metrics');
  return Object.fromEntries(
    [...text.matchAll(/souk_payment_alarms_total\{[^}]*alarm="([^"]+)"[^}]*\} (\d+)/g)].map(([, name, count]) => [
      name,
      Number(count),
    ]),
  );
};
/** Tried, and without an answer for as long as the test lasts. */
const aSilentPayment = async () => {
  const order = anOrder({ paymentMethod: null });
  await api.publish(created(order));
  const { rows } = await api.database.pool.query<{ id: string }>(
    `UPDATE payments SET payment_method = 'tok_x', first_tried_at = now(), due_at = now() + interval '1 hour'
     WHERE order_id = $1 RETURNING id`,
    [order.orderId],
  );
  return { orderId: order.orderId, id: rows[0]?.id ?? '' };
};

test('Stripe charges and refunds orders like any provider', async () => {
  const order = anOrder({ paymentMethod: 'tok_visa' });
  await api.publish(created(order));
  const { id } = await api.untilStatus(order.orderId, 'captured');
  const { body } = await api.call('POST', `/api/v1/payments/${id}/refunds`, {
    token: api.admin.token,
    body: { reason: 'x' },
  });
  await api.untilStatus(order.orderId, 'refunded');
  expect(stub.refunds.map(({ amount }) => amount)).toEqual([body.amount.amount]);
});

test('a captured wrong amount never completes the payment: it goes back, and the payment fails', async () => {
  stub.captureInstead = 1;
  const order = anOrder({ paymentMethod: 'tok_visa' });
  await api.publish(created(order));
  await api.untilStatus(order.orderId, 'failed');
  stub.captureInstead = undefined;
  expect((await api.published(order.orderId)).map(({ type }) => type)).toEqual(['payment.failed']);
  expect(stub.refunds.at(-1)?.amount).toBe(1);
  expect((await alarms())['wrong-amount']).toBe(1);
});

test('a cancelled order is owed its money until the provider gives it back', async () => {
  const order = anOrder({ paymentMethod: 'tok_visa' });
  await api.publish(created(order));
  await api.untilStatus(order.orderId, 'captured');
  stub.refusesRefunds = true;
  await api.publish(cancelled(order));
  await waitFor(async () => ((await alarms())['compensation-refused'] ?? 0) > 1);
  expect(await api.payment(order.orderId)).toMatchObject({
    status: 'captured',
    refund_reserved: '3998',
    refunded: '0',
  });
  stub.refusesRefunds = false;
  await api.untilStatus(order.orderId, 'refunded');
});

test("an administrator's refund that the provider refuses has failed, and may be asked for again", async () => {
  const order = anOrder({ paymentMethod: 'tok_visa' });
  await api.publish(created(order));
  const { id } = await api.untilStatus(order.orderId, 'captured');
  const path = `/api/v1/payments/${id}/refunds`;
  const refund = () => api.call('POST', path, { token: api.admin.token, body: { reason: 'x' } });
  const list = () => api.call('GET', path, { token: api.admin.token });
  stub.refusesRefunds = true;
  expect((await refund()).status).toBe(201);
  await waitFor(async () => (await list()).body.items[0]?.status === 'failed');
  stub.refusesRefunds = false;
  expect((await refund()).status).toBe(201);
  await api.untilStatus(order.orderId, 'refunded');
  expect((await list()).body.items.map(({ status }) => status)).toEqual(['succeeded', 'failed']);
});

describe('a webhook', () => {
  test('completes a payment whose answer got lost, once', async () => {
    const { id, orderId } = await aSilentPayment();
    const payload = anIntentEvent(id);
    expect(await send(payload, sign(payload))).toMatchObject({ status: 200, body: { received: true } });
    await api.untilStatus(orderId, 'captured');
    expect((await send(payload, sign(payload))).status).toBe(200);
    const other = anIntentEvent(id, { type: 'payment_intent.payment_failed', intent: { status: 'canceled' } });
    expect((await send(other, sign(other))).status).toBe(200);
    expect((await api.published(orderId)).map(({ type }) => type)).toEqual(['payment.completed']);
  });

  test('fails a payment that was declined', async () => {
    const { id, orderId } = await aSilentPayment();
    const payload = anIntentEvent(id, {
      type: 'payment_intent.payment_failed',
      intent: { status: 'requires_payment_method', last_payment_error: { decline_code: 'insufficient_funds' } },
    });
    await send(payload, sign(payload));
    expect(await api.untilStatus(orderId, 'failed')).toMatchObject({ failure_code: 'insufficient_funds' });
  });

  test('that tells of a second charge, or of one that had failed, has no effect but an alarm', async () => {
    const surplus = async () => (await alarms())['webhook-surplus-capture'] ?? 0;
    const { id, orderId } = await aSilentPayment();
    const first = anIntentEvent(id);
    await send(first, sign(first));
    await api.untilStatus(orderId, 'captured');
    const repeated = anIntentEvent(id);
    await send(repeated, sign(repeated));
    expect(await surplus()).toBe(0);
    const second = anIntentEvent(id, { intent: { id: 'pi_another' } });
    expect((await send(second, sign(second))).status).toBe(200);
    expect(await surplus()).toBe(1);
    const failed = await aSilentPayment();
    const decline = anIntentEvent(failed.id, { intent: { status: 'canceled' }, type: 'payment_intent.canceled' });
    await send(decline, sign(decline));
    await api.untilStatus(failed.orderId, 'failed');
    const late = anIntentEvent(failed.id);
    await send(late, sign(late));
    expect(await surplus()).toBe(2);
    expect(await api.payment(failed.orderId)).toMatchObject({ status: 'failed', captured: '0' });
  });

  test('that is not signed by Stripe, or too old, is 401', async () => {
    const payload = anIntentEvent(newId());
    const old = Math.floor(Date.now() / 1_000) - 301;
    for (const signature of [
      undefined,
      '',
      'forged',
      sign(payload, { secret: 'whsec_other' }),
      sign(payload, { timestamp: old }),
      sign(`${payload} `),
    ]) {
      const answer = await send(payload, signature);
      expect([answer.status, answer.body.type], signature).toEqual([401, '/problems/unauthorized']);
    }
  });

  test('is malformed after a right signature when it is no event', async () => {
    for (const payload of ['{', '[]', 'null', '{"id":"evt_1"}', '{"id":1,"type":"x","data":{"object":{}}}']) {
      const answer = await send(payload, sign(payload));
      expect([answer.status, answer.body.type], payload).toEqual([400, '/problems/malformed']);
    }
  });

  test('of another content type, or of a megabyte, is refused', async () => {
    const payload = anIntentEvent(newId());
    expect((await send(payload, sign(payload), 'text/plain')).status).toBe(415);
    const huge = `${payload}${' '.repeat(1_000_000)}`;
    expect((await send(huge, sign(huge))).status).toBe(413);
  });

  test('of an unknown type, an unknown payment or a wrong amount has no effect but an alarm', async () => {
    const before = await alarms();
    const { id, orderId } = await aSilentPayment();
    for (const payload of [
      anIntentEvent(id, { type: 'customer.created' }),
      anIntentEvent(newId()),
      anIntentEvent('no id'),
      anIntentEvent(id, { intent: { amount: 1, amount_received: 1 } }),
      anIntentEvent(id, { intent: { currency: 'usd' } }),
    ]) {
      expect((await send(payload, sign(payload))).status).toBe(200);
    }
    const after = await alarms();
    const rise = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
    expect(rise('webhook-unknown-type')).toBe(1);
    expect(rise('webhook-unknown-payment')).toBe(2);
    expect(rise('webhook-wrong-amount')).toBe(2);
    expect(await api.payment(orderId)).toMatchObject({ status: 'pending', captured: '0' });
  });
});

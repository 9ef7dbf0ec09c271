import type { CloudEvent } from '@souk/contracts';
import { describe, expect, test } from 'vitest';
import { anEvent, EVENT_DATA, type SampleType } from '../../test/events.ts';
import { planDeliveries, TEMPLATE_OF, TEMPLATES } from '../deliveries/delivery.ts';
import { renderSms, renderTemplate } from '../deliveries/render-delivery.ts';

const context = { publicUrl: 'https://shop.example', openToken: async (sealed: string) => `opened ${sealed}` };
const TYPES = Object.keys(EVENT_DATA) as SampleType[];
const render = (type: SampleType, overrides: object = {}) =>
  renderTemplate(TEMPLATE_OF[type], JSON.stringify({ ...EVENT_DATA[type], ...overrides }), context);

test('every template belongs to an event, and every event to a template', () => {
  expect(Object.values(TEMPLATE_OF).sort()).toEqual([...TEMPLATES].sort());
  expect(TYPES.map((type) => TEMPLATE_OF[type]).sort()).toEqual([...TEMPLATES].sort());
});

describe.each(TYPES)('the mail of %s', (type) => {
  test('has a subject, a preheader, text and HTML without a hole in it', async () => {
    const { subject, text, html } = await render(type);
    expect(subject.length).toBeGreaterThan(5);
    expect(html).toMatch(/<div style="display:none[^>]*>[^<]{10,}<\/div>/);
    for (const form of [subject, text, html]) expect(form).not.toMatch(/undefined|null|NaN|\[object/);
    expect(text).toContain('https://shop.example');
  });

  test('escapes what customers and merchants wrote', async () => {
    const evil = '<script>alert("x")</script>';
    const overrides = { name: evil, carrier: evil, trackingNumber: evil, reason: evil };
    const { html } = await render(type, overrides);
    expect(html).not.toContain('<script>');
  });

  test('fits the lines of SMTP', async () => {
    const { text, html } = await render(type);
    for (const line of `${text}\n${html}`.split('\n')) expect(Buffer.byteLength(line)).toBeLessThan(998);
  });
});

test('the confirmation shows each line of the order with its prices', async () => {
  const { text, html } = await render('order.completed');
  expect(text).toContain('2 × Lantern <brass & glass> (LAMP-1)');
  expect(text).toContain('Total: €39.98');
  expect(html).toMatch(/€19\.99[\s\S]*€39\.98/);
  expect(text).toContain('SW1Y 4JH London');
});

test('the cancellation tells the reason in words, or in those of whoever cancelled', async () => {
  expect((await render('order.cancelled')).text).toContain('the payment was declined');
  expect((await render('order.cancelled', { reason: 'reservation-expired' })).text).toContain('not paid in time');
  expect((await render('order.cancelled', { reason: 'Wrong colour' })).text).toContain('this reason: Wrong colour');
  expect((await render('order.cancelled', { reason: 'constructor' })).text).toContain('this reason: constructor');
});

test('the refund tells this amount and the sum of all', async () => {
  const { subject, text } = await render('payment.refunded');
  expect(subject).toBe('Your refund: €5.00');
  expect(text).toMatch(/Refunded so far:\s+€15\.00/);
});

test('the reset link carries the opened token, percent-encoded', async () => {
  const { text } = await render('user.password_reset_requested');
  expect(text).toContain('https://shop.example/reset-password?token=opened%20sealed');
});

test('an erased user is greeted without a name', async () => {
  expect((await render('order.completed', { name: '' })).text).toContain('Hello,');
});

test.each(['Win at https://evil.example', 'evil.example', 'Go to EVIL.EXAMPLE/now', 'a@evil.example', 'www.x'])(
  'a stranger cannot have a link sent to somebody by the name %s',
  async (name) => {
    const { text, html } = await render('user.registered', { name });
    expect(text).toContain('Hello,');
    expect(`${text}${html}`).not.toContain(name);
  },
);

test.each(['J. R. R. Tolkien', 'Dr. Zoë O’Neill-Smith', '李小龍'])('%s is greeted by name', async (name) => {
  expect((await render('user.registered', { name })).text).toContain(`Hello ${name},`);
});

test('an SMS is short and names the carrier', () => {
  const shipped = renderSms('shipped', JSON.stringify(EVENT_DATA['order.shipped']));
  expect(shipped).toBe('Souk: your order is on its way with DHL, tracking number JD0146.');
  expect(renderSms('delivered', JSON.stringify(EVENT_DATA['order.delivered']))).toContain('DHL has delivered');
});

describe('planning', () => {
  const plan = (event: CloudEvent, adminEmail?: string) =>
    planDeliveries(event as Parameters<typeof planDeliveries>[0], { adminEmail });

  test('sends an SMS only for shipping and delivery, and only to a phone', () => {
    expect(plan(anEvent('order.shipped')).map(({ channel }) => channel)).toEqual(['email', 'sms']);
    expect(plan(anEvent('order.shipped', { phone: null })).map(({ channel }) => channel)).toEqual(['email']);
    expect(plan(anEvent('order.completed')).map(({ channel }) => channel)).toEqual(['email']);
  });

  test('tells of low stock only an administrator with an address', () => {
    expect(plan(anEvent('inventory.low_stock'))).toEqual([]);
    expect(plan(anEvent('inventory.low_stock'), 'admin@souk.example')).toMatchObject([
      { recipient: 'admin@souk.example', userId: null },
    ]);
  });
});

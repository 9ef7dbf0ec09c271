import { setTimeout as sleep } from 'node:timers/promises';
import { newId, systemClock } from '@souk/service-runtime';
import { waitFor } from '@souk/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { anEvent } from '../../test/events.ts';
import { type Harness, startHarness } from '../../test/harness.ts';
import { type MailServer, startMailServer } from '../../test/mail-server.ts';
import { messageKeyOf, planDeliveries } from '../deliveries/delivery.ts';
import { insertDeliveries, leaseDeliveries } from '../deliveries/delivery-repository.ts';
import { renderTemplate } from '../deliveries/render-delivery.ts';
import { createSmtpMailSender } from './smtp-mail-sender.ts';

let server: MailServer;
let harness: Harness;
beforeAll(async () => {
  server = await startMailServer();
  harness = await startHarness({ SMTP_URL: server.url, MAIL_FROM: 'Söuk Shop <shop@souk.example>' });
});
beforeEach(() => {
  server.received.length = 0;
});
afterAll(async () => {
  await harness.stop();
  await server.stop();
});

test('a mail arrives as it was made: envelope, headers, text and HTML', async () => {
  const event = anEvent('order.completed', { email: 'zoë@souk.example', name: 'Zoë' });
  await harness.publish(event);
  const mail = await waitFor(() => server.received[0]);
  expect(mail.from).toBe('shop@souk.example');
  expect(mail.to).toEqual(['zoë@souk.example']);
  expect(mail.parsed.from?.value).toEqual([{ name: 'Söuk Shop', address: 'shop@souk.example' }]);
  expect(mail.parsed.subject).toBe('Your order is confirmed');
  expect(mail.parsed.messageId).toBe(`<${event.id}-confirmation@souk.example>`);
  expect(mail.parsed.headers.get('x-souk-template')).toBe('confirmation');
  expect(mail.parsed.text).toContain('Hello Zoë,');
  expect(mail.parsed.text).toContain('2 × Lantern <brass & glass> (LAMP-1)');
  expect(mail.parsed.html).toContain('Lantern &lt;brass &amp; glass&gt;');
});

test('a mailbox that does not exist is given up at once', async () => {
  server.refuse({ recipient: [550] });
  const event = anEvent('order.completed');
  await harness.publish(event);
  expect(await harness.untilEnded(event.id)).toMatchObject([{ status: 'failed', attempts: 1 }]);
  expect(await harness.published(event.subject)).toHaveLength(1);
});

test('a message that is not taken yet is tried again with the same Message-ID', async () => {
  server.refuse({ message: [451] });
  const event = anEvent('payment.completed');
  await harness.publish(event);
  expect(await harness.untilEnded(event.id)).toMatchObject([{ status: 'sent', attempts: 2 }]);
  expect(server.received.map(({ parsed }) => parsed.messageId)).toEqual([`<${event.id}-receipt@souk.example>`]);
});

test('a process that died after handing over and before its commit leaves a repeat with the same Message-ID', async () => {
  const event = anEvent('payment.completed');
  const { pool } = harness.database;
  const [planned] = planDeliveries(event, { adminEmail: undefined });
  if (planned === undefined) return expect.fail('nothing planned');
  const client = await pool.connect();
  await client.query('BEGIN');
  await insertDeliveries(client, [planned], { newId, now: new Date() });
  // Due a second ago: the column keeps milliseconds, and now() rounded up would not be due inside this transaction.
  await client.query(`UPDATE deliveries SET due_at = now() - interval '1 second' WHERE event_id = $1`, [event.id]);
  const [lease] = await leaseDeliveries(client, { channel: 'email', leaseId: newId(), leaseMs: 400, limit: 1 });
  await client.query('COMMIT');
  client.release();
  if (lease === undefined) return expect.fail('nothing leased');
  const dead = createSmtpMailSender({
    url: server.url,
    from: 'shop@souk.example',
    timeoutMs: 15_000,
    connectionsMax: 1,
    clock: systemClock,
  });
  const context = { publicUrl: 'http://localhost:3000', openToken: async () => '' };
  const mail = await renderTemplate(lease.template, lease.content, context);
  await dead.sendMail({ ...mail, key: messageKeyOf(lease), template: lease.template, recipient: lease.recipient });
  await dead.close();

  expect(await harness.untilEnded(event.id)).toMatchObject([{ status: 'sent', attempts: 2 }]);
  expect(new Set(server.received.map(({ parsed }) => parsed.messageId))).toEqual(
    new Set([`<${event.id}-receipt@souk.example>`]),
  );
  expect(server.received).toHaveLength(2);
});

test('mails wait for a mail server that is down, and go out when it is back', async () => {
  const port = Number(new URL(server.url).port);
  await server.stop();
  const events = Array.from({ length: 20 }, () => anEvent('payment.completed'));
  await harness.publish(...events);
  await sleep(700);
  for (const { id } of events) expect(await harness.deliveries(id)).toMatchObject([{ status: 'pending' }]);
  server = await startMailServer(port);
  for (const { id } of events) expect(await harness.untilEnded(id)).toMatchObject([{ status: 'sent' }]);
  expect(server.received).toHaveLength(20);
});

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudEvent, EventData } from '@souk/contracts';
import { createEvent } from '@souk/contracts';
import { createSealer } from '@souk/http';
import { newId } from '@souk/service-runtime';
import { TEST_INTERNAL_SECRET, waitFor } from '@souk/testing';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anEvent, EVENT_DATA, ORDER_ID, type SampleType, USER_ID } from '../../test/events.ts';
import { type Harness, startHarness } from '../../test/harness.ts';
import { TEMPLATE_OF } from './delivery.ts';

let harness: Harness;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'souk-mail-'));
  harness = await startHarness({
    MAIL_DIRECTORY: directory,
    ADMIN_EMAIL: 'admin@souk.example',
    PUBLIC_URL: 'https://shop.example',
  });
});
afterAll(async () => {
  await harness.stop();
  await rm(directory, { recursive: true, force: true });
});

const mailOf = async (event: CloudEvent, template: string) => {
  const path = join(directory, `${event.id}-${template}.eml`);
  return simpleParser(await waitFor(() => readFile(path).catch(() => undefined), { what: path }));
};
const sealer = createSealer({ secret: TEST_INTERNAL_SECRET, purpose: 'password-reset' });
const aReset = async (overrides: Partial<EventData<'user.password_reset_requested'>> = {}) =>
  anEvent('user.password_reset_requested', { sealedToken: await sealer.seal('the-token'), ...overrides });

describe('an event with a human reader', () => {
  const types = Object.keys(EVENT_DATA).filter((type) => type !== 'user.password_reset_requested') as SampleType[];
  test.each(types)('%s becomes one mail, in a file that is there whole', async (type) => {
    const event = anEvent(type);
    await harness.publish(event, event);
    const mail = await mailOf(event, TEMPLATE_OF[type]);
    expect(mail.headers.get('x-souk-template')).toBe(TEMPLATE_OF[type]);
    expect(mail.messageId).toBe(`<${event.id}-${TEMPLATE_OF[type]}@souk.example>`);
    expect(mail.text?.length).toBeGreaterThan(50);
    expect(mail.html).toContain('<!doctype html>');
    expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('is told once, however often it is heard of', async () => {
    const event = anEvent('order.completed');
    await harness.publish(event);
    await harness.untilEnded(event.id);
    await harness.publish(event, event);
    expect(await harness.deliveries(event.id)).toMatchObject([{ status: 'sent', attempts: 1 }]);
  });

  test('that concerns an order is reported to its timeline', async () => {
    const event = anEvent('order.shipped');
    await harness.publish(event);
    expect((await harness.untilEnded(event.id)).map(({ channel }) => channel)).toEqual(['email', 'sms']);
    const published = await harness.published(ORDER_ID);
    expect(published.slice(-2).map(({ type, data }) => [type, data.template])).toEqual([
      ['notification.sent', 'shipped'],
      ['notification.sent', 'shipped'],
    ]);
  });

  test('without an address is told to nobody', async () => {
    const event = anEvent('order.completed', { email: null, phone: null });
    await harness.publish(event);
    expect(await harness.deliveries(event.id)).toEqual([]);
  });

  test('that is a declined payment sends nothing: the cancellation tells the reason', async () => {
    const data = { ...EVENT_DATA['payment.completed'], status: 'failed' as const, failureCode: 'declined' };
    const failed = createEvent({ id: newId(), type: 'payment.failed', subject: ORDER_ID, time: new Date(), data });
    await harness.publish(failed);
    expect(await harness.deliveries(failed.id)).toEqual([]);
  });
});

describe('a password reset', () => {
  test('is mailed with the opened token, which is kept nowhere', async () => {
    const event = await aReset();
    await harness.publish(event);
    const mail = await mailOf(event, 'password-reset');
    expect(mail.text).toContain('https://shop.example/reset-password?token=the-token');
    const [delivery] = await harness.untilEnded(event.id);
    expect(delivery).toMatchObject({ status: 'sent', content: '{}' });
  });

  test('that has expired is not mailed', async () => {
    const event = await aReset({ expiresAt: new Date(Date.now() - 1).toISOString() });
    await harness.publish(event);
    expect(await harness.untilEnded(event.id)).toMatchObject([{ status: 'discarded' }]);
  });

  test('whose seal is broken fails once and says no more than that', async () => {
    const event = await aReset({ sealedToken: 'forged' });
    await harness.publish(event);
    const [delivery] = await harness.untilEnded(event.id);
    expect(delivery).toMatchObject({ status: 'failed', attempts: 1 });
    expect(delivery?.last_error).not.toContain('forged');
  });
});

test('a deleted user is forgotten: pending mails about the account are not sent, addresses are blanked', async () => {
  const userId = newId();
  const event = anEvent('user.registered', { userId });
  await harness.publish(event);
  await harness.untilEnded(event.id);
  const deleted = createEvent({
    id: newId(),
    type: 'user.deleted',
    subject: userId,
    time: new Date(),
    data: { userId },
  });
  await harness.publish(deleted);
  expect(await harness.deliveries(event.id)).toMatchObject([{ recipient: '', content: '{}', status: 'sent' }]);
  const late = anEvent('user.registered', { userId });
  await harness.publish(late);
  expect(await harness.deliveries(late.id)).toEqual([]);
  const { rows } = await harness.database.pool.query(
    'SELECT count(*)::int AS others FROM deliveries WHERE user_id = $1 AND recipient = $2',
    [USER_ID, ''],
  );
  expect(rows).toEqual([{ others: 0 }]);
});

import { loadSettings, systemClock } from '@souk/service-runtime';
import { silentLogger } from '@souk/testing';
import { expect, test } from 'vitest';
import { settings } from '../config.ts';
import { createMailSender, createSmsSender, MailSenderMissingError } from './senders.ts';

const REQUIRED = {
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
  AMQP_URL: 'amqp://127.0.0.1:1',
  INTERNAL_SECRET: 'a-secret-of-at-least-32-bytes-in-length',
};
const load = (env: Record<string, string>) => loadSettings(settings, { ...REQUIRED, ...env });
const contextWith = (env: Record<string, string>) => {
  const loaded = load(env);
  if (!loaded.ok) return expect.fail(loaded.problems.join());
  return { config: loaded.config, clock: systemClock, logger: silentLogger() };
};

test('a mail server or a folder is needed, and said so', async () => {
  expect(() => createMailSender(contextWith({}))).toThrow(MailSenderMissingError);
  for (const env of [{ SMTP_URL: 'smtp://127.0.0.1:1' }, { MAIL_DIRECTORY: '/nowhere' }]) {
    await createMailSender(contextWith(env)).close();
  }
});

test('SMS go to the log without a webhook', () => {
  expect(createSmsSender(contextWith({}))).toBeDefined();
  expect(createSmsSender(contextWith({ SMS_WEBHOOK_URL: 'http://127.0.0.1:1/sms' }))).toBeDefined();
});

test.each([
  ['MAIL_FROM', 'Souk <nobody>'],
  ['MAIL_FROM', 'a@b.example\r\nBcc: e@e.example'],
  ['ADMIN_EMAIL', 'admin'],
  ['SMTP_URL', 'http://127.0.0.1'],
])('%s does not take %j', (name, value) => {
  expect(load({ [name]: value })).toMatchObject({ ok: false, problems: [expect.stringContaining(name)] });
});

import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { messageIdOf, toMimeMessage } from './mime-message.ts';

const FROM = 'Souk <no-reply@souk.example>';
const aMail = (overrides: object = {}) => ({
  key: 'event-welcome',
  template: 'welcome',
  recipient: 'ada@souk.example',
  subject: 'Welcome',
  text: 'Hello Zoë\n.\nend',
  html: '<p>Hello Zoë</p>',
  ...overrides,
});
const parse = (overrides: object = {}) =>
  simpleParser(toMimeMessage(aMail(overrides), { from: FROM, date: new Date('2026-01-02T03:04:05Z') }));

test('a message reads back as it was written', async () => {
  const mail = await parse();
  expect(mail.subject).toBe('Welcome');
  expect(mail.text?.trim()).toBe('Hello Zoë\n.\nend');
  expect(mail.html).toContain('<p>Hello Zoë</p>');
  expect(mail.date).toEqual(new Date('2026-01-02T03:04:05Z'));
  expect(mail.messageId).toBe(messageIdOf('event-welcome', FROM));
});

test('a line that is too long for SMTP goes in base64', async () => {
  const html = `<p>${'ü'.repeat(2_000)}</p>`;
  const raw = toMimeMessage(aMail({ html }), { from: FROM, date: new Date() }).toString();
  expect(raw).toContain('Content-Transfer-Encoding: base64');
  for (const line of raw.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(998);
  expect((await simpleParser(raw)).html).toBe(html);
});

test('a long subject in any script is cut between characters', async () => {
  const subject = `Niedriger Bestand: ${'🏺ß'.repeat(60)}`;
  expect((await parse({ subject })).subject).toBe(subject);
});

test('no text can add a header or a recipient', async () => {
  const mail = await parse({
    subject: 'Hi\r\nBcc: eve@evil.example',
    recipient: 'ada@souk.example\r\nBcc: eve@evil.example',
  });
  expect(mail.bcc).toBeUndefined();
});

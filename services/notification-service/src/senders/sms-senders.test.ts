import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '@souk/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MessagePostponedError, MessageRejectedError, SenderUnavailableError } from './sender-port.ts';
import { createLogSmsSender, createWebhookSmsSender } from './sms-senders.ts';

const SMS = { key: 'event-shipped', template: 'shipped', recipient: '+49301234567', text: 'Souk: on its way' };
let server: Server;
let url: string;
let answer = 204;
const received: { headers: Record<string, unknown>; body: unknown }[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      received.push({ headers: request.headers, body: JSON.parse(body) });
      if (answer !== 0) response.writeHead(answer, answer === 302 ? { location: 'http://127.0.0.1:1' } : {}).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sms`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const send = (timeoutMs = 15_000, target = url) =>
  createWebhookSmsSender({ url: target, timeoutMs }).sendSms(SMS, new AbortController().signal);

test('an SMS is posted with a key that stays the same', async () => {
  await send();
  await send();
  expect(received.map(({ headers }) => headers['idempotency-key'])).toEqual([SMS.key, SMS.key]);
  expect(received[0]?.body).toEqual({ id: SMS.key, to: SMS.recipient, text: SMS.text, template: 'shipped' });
});

test.each([
  [429, MessagePostponedError],
  [400, MessageRejectedError],
  [404, MessageRejectedError],
  [401, SenderUnavailableError],
  [500, SenderUnavailableError],
  [302, SenderUnavailableError],
])('an answer of %d says whether it was the message', async (status, expected) => {
  answer = status;
  await expect(send()).rejects.toThrow(expected);
  answer = 204;
});

test('nobody there, and nobody who answers, is an outage', async () => {
  await expect(send(15_000, 'http://127.0.0.1:1')).rejects.toThrow(SenderUnavailableError);
  answer = 0;
  await expect(send(100)).rejects.toThrow(SenderUnavailableError);
  answer = 204;
});

test('the log does not learn the number or the text', async () => {
  const lines: unknown[] = [];
  const logger = Object.assign(silentLogger(), { info: (line: unknown) => lines.push(line) });
  await createLogSmsSender(logger).sendSms(SMS, new AbortController().signal);
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toMatch(/301234567|on its way/);
});

import { fixedClock, silentLogger } from '@souk/testing';
import { describe, expect, test } from 'vitest';
import { EVENT_DATA } from '../../test/events.ts';
import { MessagePostponedError, MessageRejectedError, SenderUnavailableError } from '../senders/sender-port.ts';
import type { LeasedDelivery } from './delivery-repository.ts';
import { GIVE_UP_AFTER_MS, handOver, retryDelayMs } from './hand-over.ts';
import { createOutage } from './outage.ts';

const NOW = new Date('2026-01-02T00:00:00Z');
const aDelivery = (overrides: Partial<LeasedDelivery> = {}): LeasedDelivery => ({
  id: 'd',
  eventId: 'e',
  template: 'receipt',
  channel: 'email',
  recipient: 'ada@souk.example',
  orderId: null,
  content: JSON.stringify(EVENT_DATA['payment.completed']),
  traceparent: null,
  createdAt: NOW,
  attempts: 1,
  ...overrides,
});
const handOverWith = (failure: Error | undefined, delivery = aDelivery()) =>
  handOver(
    {
      mailSender: {
        sendMail: async () => {
          if (failure !== undefined) throw failure;
        },
        close: async () => {},
      },
      smsSender: { sendSms: async () => {} },
      openToken: async () => 'token',
      config: { publicUrl: 'https://shop.example' },
      clock: fixedClock(NOW),
      logger: silentLogger(),
    },
    delivery,
    new AbortController().signal,
  );

describe('handing a message over', () => {
  test.each([
    [undefined, 'sent'],
    [new SenderUnavailableError('down'), 'unavailable'],
    [new MessagePostponedError('later'), 'postponed'],
    [new MessageRejectedError('never'), 'failed'],
    [new TypeError('a bug'), 'failed'],
  ])('that ends with %s is %s', async (failure, kind) => {
    expect((await handOverWith(failure)).kind).toBe(kind);
  });

  test('is given up after a day', async () => {
    const createdAt = new Date(NOW.getTime() - GIVE_UP_AFTER_MS - 1);
    expect(await handOverWith(new SenderUnavailableError('down'), aDelivery({ createdAt }))).toMatchObject({
      kind: 'failed',
      reason: 'Given up after 24 hours',
    });
    expect(await handOverWith(undefined, aDelivery({ createdAt }))).toEqual({ kind: 'sent' });
  });

  test.each(['', 'ada', 'ada@x.example,eve@evil.example', 'Ada <ada@x.example>', 'ada@x.example\nBcc: e@e'])(
    'to %j, which is not one address, fails for good',
    async (recipient) => {
      expect((await handOverWith(undefined, aDelivery({ recipient }))).kind).toBe('failed');
    },
  );

  test('fails for good when the content cannot be made into a message', async () => {
    expect((await handOverWith(undefined, aDelivery({ content: '{}' }))).kind).toBe('failed');
  });
});

test('the delay doubles up to half an hour, with jitter', () => {
  expect([1, 2, 3, 11, 50].map((attempts) => retryDelayMs(attempts, 0.5))).toEqual([
    1_000, 2_000, 4_000, 1_024_000, 1_800_000,
  ]);
  expect(retryDelayMs(1, 0)).toBe(800);
  expect(retryDelayMs(1, 1)).toBe(1_200);
});

test('an outage pauses everybody, doubling up to 15 seconds, then one message tries', () => {
  const clock = fixedClock(NOW);
  const outage = createOutage(clock);
  expect([outage.isOver(), outage.allowed(8)]).toEqual([true, 8]);
  expect([outage.begin(), outage.begin(), outage.leftMs()]).toEqual([true, false, 500]);
  expect(outage.isOver()).toBe(false);
  const pauses: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    clock.advance(outage.leftMs());
    expect([outage.isOver(), outage.allowed(8)]).toEqual([true, 1]);
    outage.begin();
    pauses.push(outage.leftMs());
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  expect([outage.end(), outage.end(), outage.allowed(8), outage.isOver()]).toEqual([true, false, 8, true]);
});

import { createMetrics } from '@souk/service-runtime';
import { silentLogger } from '@souk/testing';
import { expect, test } from 'vitest';
import { askProvider } from './ask-provider.ts';
import { createPaymentMetrics } from './payment-metrics.ts';
import { ProviderMisuseError, ProviderUnavailableError } from './payment-provider.ts';
import { retryDelayMs } from './retry-delay.ts';

const metrics = createMetrics({ service: 'test', processMetrics: false });
const askWith = (ask: (signal: AbortSignal) => Promise<{ kind: string }>, timeoutMs = 1_000) =>
  askProvider({
    operation: 'charge',
    timeoutMs,
    stopping: new AbortController().signal,
    traceparent: null,
    ask,
    metrics: createPaymentMetrics(metrics),
    logger: silentLogger(),
  });

test('an answer is known', async () => {
  expect(await askWith(async () => ({ kind: 'captured' }))).toEqual({ known: true, outcome: { kind: 'captured' } });
});

test.each([new ProviderUnavailableError('500'), new ProviderMisuseError('bad key'), new TypeError('a bug of ours')])(
  '%s leaves the outcome unknown',
  async (error) => {
    expect(await askWith(() => Promise.reject(error))).toMatchObject({ known: false });
  },
);

test('the deadline aborts the call, and what happened to it is unknown', async () => {
  const answer = await askWith(
    (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new ProviderUnavailableError('silent')));
      }),
    20,
  );
  expect(answer).toEqual({ known: false, reason: 'silent' });
});

test('a provider that refuses us is an alarm', async () => {
  const { values } = await (metrics.registry.getSingleMetric('souk_payment_alarms_total')?.get() ?? { values: [] });
  expect(values).toMatchObject([{ labels: { alarm: 'provider-misuse' }, value: 1 }]);
});

test('the pause between two tries doubles up to its limit, with jitter', () => {
  expect([1, 2, 3, 4, 10, 100].map((attempts) => retryDelayMs(attempts, 5_000, 0.5))).toEqual([
    200, 400, 800, 1_600, 5_000, 5_000,
  ]);
  expect([retryDelayMs(1, 5_000, 0), retryDelayMs(1, 5_000, 1)]).toEqual([160, 240]);
});

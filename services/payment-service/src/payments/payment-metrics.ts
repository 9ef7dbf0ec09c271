import type { Counter, Histogram, Metrics } from '@souk/service-runtime';

export interface PaymentMetrics {
  /** Answers of the provider, by operation and outcome. */
  answers: Counter;
  durationSeconds: Histogram;
  /** A person must look: money does not match, or the provider refuses to serve us. */
  alarms: Counter;
}

export type PaymentAlarm =
  | 'wrong-amount'
  | 'provider-misuse'
  | 'compensation-refused'
  | 'webhook-unknown-type'
  | 'webhook-unknown-payment'
  | 'webhook-wrong-amount'
  | 'webhook-surplus-capture';

export function createPaymentMetrics(metrics: Metrics): PaymentMetrics {
  return {
    answers: metrics.counter('souk_payment_provider_answers_total', 'Answers of the payment provider', [
      'operation',
      'outcome',
    ]),
    durationSeconds: metrics.histogram(
      'souk_payment_provider_duration_seconds',
      'Time until the payment provider answered',
      { labels: ['operation'] },
    ),
    alarms: metrics.counter('souk_payment_alarms_total', 'What a person must look at', ['alarm']),
  };
}

import { type Logger, withDeadline, withSpan } from '@souk/service-runtime';
import type { PaymentMetrics } from './payment-metrics.ts';
import { ProviderMisuseError, ProviderUnavailableError } from './payment-provider.ts';

/** What an attempt to ask the provider came to. Unknown is never recorded as failed. */
export type Answer<T> = { known: true; outcome: T } | { known: false; reason: string };

/** Asks under a deadline. Whatever goes wrong on the way leaves the outcome unknown: the row is asked about again. */
export async function askProvider<T extends { kind: string }>(options: {
  operation: 'charge' | 'refund';
  timeoutMs: number;
  stopping: AbortSignal;
  /** The trace of the order. */
  traceparent: string | null;
  ask: (signal: AbortSignal) => Promise<T>;
  metrics: PaymentMetrics;
  logger: Logger;
}): Promise<Answer<T>> {
  const { operation, metrics } = options;
  const end = metrics.durationSeconds.startTimer({ operation });
  try {
    const span = { kind: 'client' as const, traceparent: options.traceparent ?? undefined };
    const outcome = await withSpan(`payment provider ${operation}`, span, () => withDeadline(options, options.ask));
    metrics.answers.inc({ operation, outcome: outcome.kind });
    return { known: true, outcome };
  } catch (error) {
    metrics.answers.inc({ operation, outcome: 'unknown' });
    return { known: false, reason: explain(error, options) };
  } finally {
    end();
  }
}

function explain(
  error: unknown,
  { operation, metrics, logger }: { operation: string; metrics: PaymentMetrics; logger: Logger },
): string {
  if (error instanceof ProviderUnavailableError) return error.message;
  if (error instanceof ProviderMisuseError) {
    metrics.alarms.inc({ alarm: 'provider-misuse' });
    logger.error({ error, operation }, 'Payment provider refused the request');
    return error.message;
  }
  logger.warn({ error, operation }, 'Payment provider could not be asked');
  return 'The payment provider could not be asked';
}

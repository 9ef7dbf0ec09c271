import type { SoukEvent } from '@souk/contracts';
import type { Histogram, Metrics } from '@souk/service-runtime';

export interface InboxMetrics {
  duration: Histogram;
  consumed(event: SoukEvent, outcome: 'handled' | 'failed'): void;
  duplicates(count: number): void;
  deadLettered(): void;
  suspended(suspended: boolean): void;
}

export function createInboxMetrics(metrics: Metrics, consumer: string): InboxMetrics {
  const consumed = metrics.counter('souk_inbox_messages_total', 'Events received, by type and outcome', [
    'type',
    'outcome',
  ]);
  const duplicates = metrics.counter('souk_inbox_duplicates_total', 'Events received again, without effect', [
    'consumer',
  ]);
  const deadLettered = metrics.counter('souk_inbox_dead_letters_total', 'Messages that no attempt can handle', [
    'consumer',
  ]);
  const suspended = metrics.gauge('souk_inbox_suspended', '1 while consuming waits for a dependency', ['consumer']);
  const delay = metrics.histogram('souk_inbox_delay_seconds', 'From the time of an event to the commit of its effect', {
    labels: ['type'],
  });
  return {
    // OpenTelemetry's messaging.process.duration; one batch is one process operation.
    duration: metrics.histogram('messaging_process_duration_seconds', 'Duration of handling one batch of messages'),
    consumed(event, outcome) {
      consumed.inc({ type: event.type, outcome });
      const seconds = (Date.now() - Date.parse(event.time)) / 1_000;
      if (outcome === 'handled' && event.redrive === undefined)
        delay.observe({ type: event.type }, Math.max(0, seconds));
    },
    duplicates: (count) => duplicates.inc({ consumer }, count),
    deadLettered: () => deadLettered.inc({ consumer }),
    suspended: (isSuspended) => suspended.set({ consumer }, isSuspended ? 1 : 0),
  };
}

/** What the adapters count by; the metrics of `@souk/service-runtime` fit. */
export interface MetricsFactory {
  counter(
    name: string,
    help: string,
    labels?: readonly string[],
  ): { inc(labels: Record<string, string>, value?: number): void };
  gauge(
    name: string,
    help: string,
    labels?: readonly string[],
  ): { set(labels: Record<string, string>, value: number): void };
}

/** What a broker adapter reports; each is a fact that an operator wants to see or to be woken by. */
export interface BrokerMetrics {
  published(outcome: 'confirmed' | 'returned' | 'failed', count: number): void;
  redelivered(queue: string): void;
  retried(queue: string): void;
  deadLettered(queue: string): void;
  connection(name: 'publish' | 'consume', connected: boolean): void;
  blocked(blocked: boolean): void;
}

export function createBrokerMetrics(metrics: MetricsFactory | undefined): BrokerMetrics {
  if (metrics === undefined) return NO_METRICS;
  const published = metrics.counter(
    'souk_messages_published_total',
    'Messages handed to the broker, by outcome; `returned` means that no queue is bound: an alarm',
    ['outcome'],
  );
  const redelivered = metrics.counter('souk_messages_redelivered_total', 'Deliveries that came back unsettled', [
    'queue',
  ]);
  const retried = metrics.counter('souk_messages_retried_total', 'Failed attempts that wait for a delay', ['queue']);
  const deadLettered = metrics.counter('souk_messages_dead_lettered_total', 'Messages given up', ['queue']);
  const connected = metrics.gauge('souk_broker_connected', '1 while the connection is up and set up', ['connection']);
  const blocked = metrics.gauge('souk_broker_blocked', '1 while an alarm of the broker blocks publishing', []);
  return {
    published: (outcome, count) => published.inc({ outcome }, count),
    redelivered: (queue) => redelivered.inc({ queue }),
    retried: (queue) => retried.inc({ queue }),
    deadLettered: (queue) => deadLettered.inc({ queue }),
    connection: (connection, up) => connected.set({ connection }, up ? 1 : 0),
    blocked: (isBlocked) => blocked.set({}, isBlocked ? 1 : 0),
  };
}

const nothing = () => {};
const NO_METRICS: BrokerMetrics = {
  published: nothing,
  redelivered: nothing,
  retried: nothing,
  deadLettered: nothing,
  connection: nothing,
  blocked: nothing,
};

import { EVENTS, type EventType } from './events.ts';

/** The topic exchange through which every event goes; routing key = event type. */
export const EXCHANGE = 'souk.events';

/** The default waits before attempts 1 to 5, in milliseconds; after the last the message is dead-lettered. */
export const RETRY_DELAYS_MS_DEFAULT: readonly number[] = [0, 1000, 5000, 30_000, 120_000];

export interface QueueTopology {
  /** The consuming service. */
  service: string;
  /** `<service>.events` */
  queue: string;
  /** `<service>.events.dlq` */
  deadLetterQueue: string;
  bindings: readonly EventType[];
}

/** `<queue>.retry.<ms>`: a message waits here and is dead-lettered back to `queue`. */
export function retryQueueName(queue: string, delayMs: number): string {
  return `${queue}.retry.${delayMs}`;
}

export function queueNameOf(service: string): string {
  return `${service}.events`;
}

/** The whole topology: one durable queue per consuming service, with what is bound to it. */
export const QUEUES: readonly QueueTopology[] = [...new Set(Object.values(EVENTS).flatMap((event) => event.consumers))]
  .sort()
  .map((service) => ({
    service,
    queue: queueNameOf(service),
    deadLetterQueue: `${queueNameOf(service)}.dlq`,
    bindings: (Object.keys(EVENTS) as EventType[]).filter((type) => EVENTS[type].consumers.includes(service)),
  }));

/** Only types with a consumer are published `mandatory`: one without would come back for ever. */
export function hasConsumer(type: EventType): boolean {
  return EVENTS[type].consumers.length > 0;
}

import assert from 'node:assert';
import { QUEUES } from '@souk/contracts';
import type { Broker, Consumption, Delivery } from '@souk/messaging';
import { classifyDatabaseError, type Logger, type Metrics, type Pool, type Worker } from '@souk/service-runtime';
import { storeDeadLetter } from './dead-letters.ts';

export interface DeadLetterConsumerOptions {
  service: string;
  pool: Pool;
  broker: Broker;
  logger: Logger;
  metrics: Metrics;
}

const PREFETCH = 20;

/** Moves what lands in `<service>.events.dlq` into the table `dead_letters`, where the operations API reads it. */
export function createDeadLetterConsumer(options: DeadLetterConsumerOptions): Worker {
  const { broker, logger, pool, service } = options;
  const queue = QUEUES.find((topology) => topology.service === service)?.deadLetterQueue;
  assert(queue !== undefined, `${service} consumes no events`);
  const stored = options.metrics.counter(
    'souk_dead_letters_stored_total',
    'Messages moved to the table of dead letters: an alarm',
    ['consumer'],
  );
  let consumption: Consumption | undefined;

  async function store(delivery: Delivery): Promise<void> {
    const id = await storeDeadLetter(pool, delivery);
    delivery.ack();
    if (id === undefined) return;
    stored.inc({ consumer: service });
    logger.error({ deadLetterId: id, messageId: delivery.id, type: delivery.type }, 'Stored dead letter');
  }

  // A throw gives everything unsettled back and pauses: whatever is wrong, a dead letter is not lost. But one that the
  // table does not take keeps none of those behind it from it, unless the database is away for all.
  async function onBatch(deliveries: Delivery[]): Promise<void> {
    let failure: unknown;
    for (const delivery of deliveries) {
      try {
        await store(delivery);
      } catch (error) {
        failure = error;
        if (classifyDatabaseError(error).kind === 'transient') break;
      }
    }
    if (failure !== undefined) throw failure;
  }

  return {
    name: `${service}-dead-letter-consumer`,
    async start() {
      consumption = await broker.consume({ queue, prefetch: PREFETCH, batchMax: PREFETCH, onBatch });
    },
    async stop() {
      await consumption?.stop();
    },
  };
}

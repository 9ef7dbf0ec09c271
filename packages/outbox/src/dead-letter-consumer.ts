import assert from 'node:assert';
import { QUEUES } from '@souk/contracts';
import type { Broker, Consumption, Delivery } from '@souk/messaging';
import type { Logger, Metrics, Pool, Worker } from '@souk/service-runtime';
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

  // A throw gives everything unsettled back and pauses: whatever is wrong, a dead letter is not lost.
  async function onBatch(deliveries: Delivery[]): Promise<void> {
    for (const delivery of deliveries) {
      const id = await storeDeadLetter(pool, delivery);
      delivery.ack();
      if (id === undefined) continue;
      stored.inc({ consumer: service });
      logger.error({ deadLetterId: id, messageId: delivery.id, type: delivery.type }, 'Stored dead letter');
    }
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

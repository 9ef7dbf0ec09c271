import { EXCHANGE, type QueueTopology, retryQueueName } from '@souk/contracts';
import { connect } from 'amqplib';

/** Removes what a test has declared on the shared broker. */
export async function deleteTopology(
  url: string,
  options: { prefix: string; queues: readonly QueueTopology[]; retryDelaysMs: readonly number[] },
): Promise<void> {
  const { prefix, queues, retryDelaysMs } = options;
  const connection = await connect(url, { timeout: 5_000 });
  const channel = await connection.createChannel();
  for (const { deadLetterQueue, queue } of queues) {
    for (const name of [queue, deadLetterQueue, ...retryDelaysMs.map((delayMs) => retryQueueName(queue, delayMs))]) {
      await channel.deleteQueue(prefix + name);
    }
  }
  await channel.deleteExchange(prefix + EXCHANGE);
  await connection.close();
}

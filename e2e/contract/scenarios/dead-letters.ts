import { queueNameOf } from '@souk/contracts';
import { waitFor } from '@souk/testing';
import amqp from 'amqplib';
import type { DistributedPlatform } from '../../src/distributed-platform.ts';
import type { AnyBody, Subject } from '../subject.ts';

const CONSUMERS = {
  OrderService: 'order-service',
  ProductService: 'product-service',
  PaymentService: 'payment-service',
  NotificationService: 'notification-service',
} as const;

/** Puts what no consumer can read into the queue of a service. */
async function poison({ broker }: DistributedPlatform, service: string, texts: string[]): Promise<void> {
  const connection = await amqp.connect(broker.url, { timeout: 5_000 });
  try {
    const channel = await connection.createConfirmChannel();
    for (const text of texts) channel.sendToQueue(broker.namePrefix + queueNameOf(service), Buffer.from(text));
    await channel.waitForConfirms();
  } finally {
    await connection.close();
  }
}

/** Messages that each consumer gives up, found, read, sent again and dropped. */
export async function deadLetters(subject: Subject, platform: DistributedPlatform): Promise<void> {
  for (const [owner, service] of Object.entries(CONSUMERS)) {
    const list = `list${owner}DeadLetters`;
    const laidAside = (count: number): Promise<AnyBody[]> =>
      waitFor(
        async () => {
          const { items } = (await subject.ask(list, 200)).body;
          return items.length >= count ? items : undefined;
        },
        { timeoutMs: 30_000, everyMs: 50, what: `${count} dead letters of ${service}` },
      );
    await poison(platform, service, ['{"half":', '[]']);
    const [first] = await laidAside(2);
    const path = { id: first?.id ?? '' };
    await subject.ask(`get${owner}DeadLetter`, 200, { path });
    await subject.ask(`redrive${owner}DeadLetter`, 202, { path });
    await subject.ask(`redrive${owner}DeadLetter`, 'not-found', { path });
    // As unreadable as before, so that they come back.
    await laidAside(2);
    await subject.ask(`redrive${owner}DeadLetters`, 202);
    for (const { id } of await laidAside(2)) await subject.ask(`delete${owner}DeadLetter`, 204, { path: { id } });
  }
}

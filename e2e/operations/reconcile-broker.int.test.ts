import { randomBytes } from 'node:crypto';
import { QUEUES, queueNameOf, retryQueueName } from '@souk/contracts';
import { openShopBroker, openShopDatabases, reconcile, runReconcile, type ShopDatabases } from '@souk/operations';
import { testAmqpUrl, waitFor } from '@souk/testing';
import amqp, { type Channel, type ChannelModel } from 'amqplib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type WrittenShop, writeShop } from './written-shop.ts';

const namePrefix = `reconcile-${randomBytes(4).toString('hex')}.`;
const QUEUE = queueNameOf('order-service');
const LONG_WAIT_MS = 120_000;
const NAMES = QUEUES.flatMap(({ queue, deadLetterQueue }) => [queue, deadLetterQueue]);
const RETRY = retryQueueName(QUEUE, LONG_WAIT_MS);

let shop: WrittenShop;
let databases: ShopDatabases;
let connection: ChannelModel;
let channel: Channel;

beforeAll(async () => {
  shop = await writeShop();
  databases = openShopDatabases(shop.urls);
  connection = await amqp.connect(testAmqpUrl());
});
beforeEach(async () => {
  await shop.writeAgain();
  channel = await connection.createChannel();
  for (const name of [...NAMES, RETRY]) {
    await channel.deleteQueue(namePrefix + name);
    await channel.assertQueue(namePrefix + name, { durable: true });
  }
  for (const name of NAMES) await channel.consume(namePrefix + name, () => {}, { noAck: true, consumerTag: name });
});
afterAll(async () => {
  for (const name of [...NAMES, RETRY]) await channel.deleteQueue(namePrefix + name);
  await connection.close();
  await databases.close();
  await shop.drop();
});

async function findings(patienceMs: number): Promise<string[]> {
  const broker = await openShopBroker({ url: testAmqpUrl(), namePrefix, retryDelaysMs: [0, LONG_WAIT_MS] });
  try {
    const results = await reconcile({ databases, broker, patienceMs, settleMs: 0 });
    return results.flatMap(({ name, discrepancies }) => discrepancies.map(({ subject }) => `${name}: ${subject}`));
  } finally {
    await broker.close();
  }
}

/** Puts messages where nobody takes them, and waits until the broker says so. */
async function leave(queue: string, count: number): Promise<void> {
  await channel.cancel(queue);
  for (let sent = 0; sent < count; sent += 1) channel.sendToQueue(namePrefix + queue, Buffer.from('{}'));
  await waitFor(async () => (await channel.checkQueue(namePrefix + queue)).messageCount === count || undefined, {
    timeoutMs: 10_000,
    everyMs: 50,
    what: `${count} messages in ${queue}`,
  });
}

describe('reconcile with a broker', () => {
  test('finds nothing where every queue is consumed and empty', async () => {
    expect(await findings(1_000)).toEqual([]);
  });

  test('notices a queue without a consumer, and one that is not there', async () => {
    await channel.cancel(QUEUE);
    await channel.deleteQueue(`${namePrefix}${queueNameOf('product-service')}.dlq`);
    expect((await findings(1_000)).sort()).toEqual([
      `queue-consumed: queue ${QUEUE}`,
      `queue-consumed: queue ${queueNameOf('product-service')}.dlq`,
    ]);
  });

  test('notices events that wait', async () => {
    await leave(QUEUE, 2);
    expect(await findings(1_000)).toContain(`queue-empty: queue ${QUEUE}`);
  });

  test('notices a dead letter that never reached the table', async () => {
    await leave(`${QUEUE}.dlq`, 1);
    expect(await findings(1_000)).toContain(`dead-letter-kept: queue ${QUEUE}.dlq`);
  });

  test('has patience with what waits for its next attempt, as long as it may wait', async () => {
    await leave(RETRY, 1);
    expect(await findings(LONG_WAIT_MS)).toEqual([]);
    expect(await findings(LONG_WAIT_MS - 1)).toEqual([`queue-empty: queue ${RETRY}`]);
  });
});

describe('npm run reconcile with a broker', () => {
  const run = async (amqpUrl: string) => {
    const lines: string[] = [];
    const urls = Object.entries(shop.urls).map(([name, url]) => [`${name.toUpperCase()}_DATABASE_URL`, url]);
    const terminal = {
      env: { ...Object.fromEntries(urls), AMQP_URL: amqpUrl, AMQP_NAME_PREFIX: namePrefix },
      out: (text: string) => void lines.push(text),
      err: (text: string) => void lines.push(text),
    };
    return {
      code: await runReconcile(['--patience-ms', '1000', '--settle-ms', '0'], terminal),
      text: lines.join('\n'),
    };
  };

  test('asks it by the settings of the services', async () => {
    const { code, text } = await run(testAmqpUrl());
    expect([code, text]).toEqual([0, expect.stringContaining('ok   queue-empty: ')]);
  });

  test('ends with 2 when it does not answer', async () => {
    const { code, text } = await run('amqp://127.0.0.1:1');
    expect([code, text]).toEqual([2, expect.stringContaining('The broker does not answer')]);
  });
});

import { EXCHANGE, QUEUES } from '@souk/contracts';
import amqp from 'amqplib';
import type { ServerShare } from '../../src/distributed-servers.ts';
import { type Platform, select } from '../../src/index.ts';
import { DATABASE_NAMES } from '../../src/platform.ts';
import type { SeededRandom } from './seeded-random.ts';

type Channel = Awaited<ReturnType<Awaited<ReturnType<typeof amqp.connect>>['createConfirmChannel']>>;

/** Does something to the broker over a connection of its own, past the proxy. */
export async function withBroker<T>(share: ServerShare, run: (channel: Channel) => Promise<T>): Promise<T> {
  const connection = await amqp.connect(share.amqpUrl, { timeout: 5_000 });
  connection.on('error', () => {});
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    return await run(channel);
  } finally {
    await connection.close().catch(() => {});
  }
}

export const queuesOf = (share: ServerShare): string[] => QUEUES.map(({ queue }) => `${share.amqpNamePrefix}${queue}`);

export function purgeQueues(share: ServerShare): Promise<void> {
  return withBroker(share, async (channel) => {
    for (const queue of queuesOf(share)) await channel.purgeQueue(queue);
  });
}

export function deleteQueue(share: ServerShare, queue: string): Promise<void> {
  return withBroker(share, async (channel) => {
    await channel.deleteQueue(`${share.amqpNamePrefix}${queue}`);
  });
}

export function deleteExchange(share: ServerShare): Promise<void> {
  return withBroker(share, async (channel) => {
    await channel.deleteExchange(`${share.amqpNamePrefix}${EXCHANGE}`);
  });
}

/** Takes the bindings of a queue away, or gives them back. */
export function setBindings(share: ServerShare, name: string, isBound: boolean): Promise<void> {
  return withBroker(share, async (channel) => {
    const topology = QUEUES.find(({ queue }) => queue === name);
    const [queue, exchange] = [`${share.amqpNamePrefix}${name}`, `${share.amqpNamePrefix}${EXCHANGE}`];
    for (const type of topology?.bindings ?? []) {
      if (isBound) await channel.bindQueue(queue, exchange, type);
      else await channel.unbindQueue(queue, exchange, type);
    }
  });
}

/** Messages that wait, in all queues. */
export function countReady(share: ServerShare): Promise<number> {
  return withBroker(share, async (channel) => {
    let ready = 0;
    for (const queue of queuesOf(share)) ready += (await channel.checkQueue(queue)).messageCount;
    return ready;
  });
}

interface OutboxRow {
  id: string;
  type: string;
  body: string;
}

/** Publishes everything that ever left the outboxes again, so many times and in any order. */
export async function republishAll(
  platform: Platform,
  share: ServerShare,
  { times, random }: { times: number; random: SeededRandom },
): Promise<number> {
  const rows: OutboxRow[] = [];
  for (const database of Object.values(DATABASE_NAMES)) {
    rows.push(
      ...(await select<OutboxRow & Record<string, unknown>>(
        platform,
        database,
        'SELECT id::text, type, body FROM outbox',
      )),
    );
  }
  const copies = random.shuffle(Array.from({ length: times }, () => rows).flat());
  await withBroker(share, async (channel) => {
    for (const { id, type, body } of copies) {
      channel.publish(`${share.amqpNamePrefix}${EXCHANGE}`, type, Buffer.from(body), {
        contentType: 'application/cloudevents+json',
        messageId: id,
        type,
        persistent: true,
      });
    }
    await channel.waitForConfirms();
  });
  return copies.length;
}

/** Messages that no consumer can take; each is put straight into a service's queue. */
export async function sendPoison(share: ServerShare, queue: string): Promise<number> {
  const event = {
    specversion: '1.0',
    id: '01900000-0000-7000-8000-00000000dead',
    source: '/order-service',
    type: 'order.cancelled',
    subject: '01900000-0000-7000-8000-00000000beef',
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    dataschema: '/schemas/order.cancelled/v1',
    sequence: '1',
    data: {},
  };
  const text = (change: object) => JSON.stringify({ ...event, ...change });
  const type = 'application/cloudevents+json';
  const poison: [body: string | Buffer, options: amqp.Options.Publish][] = [
    ['{', { contentType: type, messageId: 'poison-1' }],
    [text({}), { contentType: type, messageId: event.id }],
    [text({ type: 'order.unheard_of' }), { contentType: type, messageId: 'poison-2' }],
    [text({ dataschema: '/schemas/order.cancelled/v99' }), { contentType: type, messageId: 'poison-3' }],
    [text({}), { contentType: type }],
    [text({ id: 'x' }), { contentType: type, messageId: 'x' }],
    ['hello', { contentType: 'text/plain', messageId: 'poison-4' }],
    ['null', { contentType: type, messageId: 'poison-5' }],
    [Buffer.from([0xff, 0xfe, 0x00]), { contentType: type, messageId: 'poison-6' }],
    [Buffer.alloc(5 * 1024 * 1024, 'x'), { contentType: type, messageId: 'poison-7' }],
    [
      text({}),
      { contentType: type, messageId: 'poison-8', headers: { 'x-attempt': 'NaN', 'x-death': [{ count: 1e9 }] } },
    ],
    [text({}), { contentType: type, messageId: 'p'.repeat(200), headers: { filler: 'h'.repeat(60_000) } }],
    [text({ specversion: '2.0' }), { contentType: type, messageId: 'poison-9' }],
    [text({ data: { orderId: { $ne: 1 } } }), { contentType: type, messageId: 'poison-10' }],
    ['', { contentType: type, messageId: 'poison-11' }],
  ];
  await withBroker(share, async (channel) => {
    for (const [body, options] of poison) {
      channel.sendToQueue(`${share.amqpNamePrefix}${queue}`, Buffer.from(body as string), {
        persistent: true,
        ...options,
      });
    }
    await channel.waitForConfirms();
  });
  return poison.length;
}

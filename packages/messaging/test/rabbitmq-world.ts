import { randomBytes } from 'node:crypto';
import { EXCHANGE, retryQueueName } from '@souk/contracts';
import { silentLogger, testAmqpUrl } from '@souk/testing';
import { connect } from 'amqplib';
import { type Broker, createRabbitMqBroker, type RabbitMqBrokerOptions } from '../src/index.ts';
import type { BrokerWorld } from './broker-conformance.ts';
import { TEST_QUEUES, TEST_RETRY_DELAYS_MS } from './messages.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface RabbitMqWorld extends BrokerWorld {
  prefix: string;
  proxy: TcpProxy;
  /** Whether the broker is connected; waits. */
  ready(timeoutMs?: number): Promise<void>;
}

/** Names that no other test uses. */
export function testPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}.`;
}

/** Queues with a prefix of their own on the real broker, reached through a proxy that can fail. */
export async function startRabbitMqWorld(options: Partial<RabbitMqBrokerOptions> = {}): Promise<RabbitMqWorld> {
  const url = new URL(testAmqpUrl());
  const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port || 5672) });
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  const prefix = options.prefix ?? testPrefix();
  const start = () =>
    createRabbitMqBroker({
      url: url.href,
      retryDelaysMs: TEST_RETRY_DELAYS_MS,
      queues: TEST_QUEUES,
      logger: silentLogger(),
      ...options,
      prefix,
    });
  let broker = start();
  const ready = (timeoutMs = 15_000) => readyWithin(broker, timeoutMs);
  if (options.url === undefined) await ready();
  return {
    prefix,
    proxy,
    ready,
    broker: () => broker,
    async crash() {
      const old = broker;
      broker = start();
      proxy.cut();
      await old.close();
      await ready();
    },
    async dispose() {
      await broker.close();
      await deleteTopology(prefix);
      await proxy.close();
    },
  };
}

export async function readyWithin(broker: Broker, timeoutMs: number): Promise<void> {
  if (broker.isReady()) return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the broker is not ready within ${timeoutMs} ms`)), timeoutMs);
    const unsubscribe = broker.onReady(() => {
      clearTimeout(timer);
      unsubscribe();
      resolve();
    });
  });
}

/** A connection past the proxy and the adapter: what an operator or a stranger does to the broker. */
export async function withAdmin<T>(
  work: (channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createConfirmChannel']>>) => Promise<T>,
): Promise<T> {
  const connection = await connect(testAmqpUrl());
  connection.on('error', () => {});
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    return await work(channel);
  } finally {
    await connection.close();
  }
}

async function deleteTopology(prefix: string): Promise<void> {
  await withAdmin(async (channel) => {
    for (const { queue, deadLetterQueue } of TEST_QUEUES) {
      const delayed = TEST_RETRY_DELAYS_MS.filter((delayMs) => delayMs > 0);
      const names = [queue, deadLetterQueue, ...delayed.map((delayMs) => retryQueueName(queue, delayMs))];
      for (const name of names) await channel.deleteQueue(prefix + name);
    }
    await channel.deleteExchange(prefix + EXCHANGE);
  });
}

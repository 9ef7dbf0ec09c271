import amqp, { type ChannelModel } from 'amqplib';

export interface QueueDepth {
  /** Ready to be delivered; what a consumer holds without having settled it is not among them. */
  messages: number;
  consumers: number;
}

/** The broker of a running platform, for looking. */
export interface ShopBroker {
  /** Undefined where no queue has this name. */
  depthOf(queue: string): Promise<QueueDepth | undefined>;
  /** The waits of the retry queues, in milliseconds. */
  readonly retryDelaysMs: readonly number[];
  close(): Promise<void>;
}

export interface BrokerAddress {
  url: string;
  /** What the names of all queues begin with; only tests set it. */
  namePrefix: string;
  retryDelaysMs: readonly number[];
}

/** The broker does not answer. */
export class BrokerUnreachableError extends Error {
  constructor(cause: unknown) {
    super(`The broker does not answer: ${cause instanceof Error ? cause.message || 'no connection' : cause}`, {
      cause,
    });
    this.name = 'BrokerUnreachableError';
  }
}

const CONNECT_TIMEOUT_MS = 5_000;
const NOT_FOUND = 404;

/** Opens the broker. Queues are asked for passively, which neither makes one nor takes anything out of it. */
export async function openShopBroker({ url, namePrefix, retryDelaysMs }: BrokerAddress): Promise<ShopBroker> {
  const connection = await amqp.connect(url, { timeout: CONNECT_TIMEOUT_MS }).catch((error: unknown) => {
    throw new BrokerUnreachableError(error);
  });
  let broken: unknown;
  connection.on('error', (error) => {
    broken = error; // the next question says so
  });
  return {
    retryDelaysMs,
    depthOf: async (queue) => {
      if (broken !== undefined) throw new BrokerUnreachableError(broken);
      return await lookAt(connection, namePrefix + queue);
    },
    close: () => connection.close(),
  };
}

/** On a channel of its own, because the broker closes the one on which a queue was not found. */
async function lookAt(connection: ChannelModel, queue: string): Promise<QueueDepth | undefined> {
  const channel = await connection.createChannel();
  channel.on('error', () => {}); // told by the rejection
  try {
    const { messageCount, consumerCount } = await channel.checkQueue(queue);
    await channel.close();
    return { messages: messageCount, consumers: consumerCount };
  } catch (error) {
    if ((error as { code?: number }).code === NOT_FOUND) return undefined;
    throw new BrokerUnreachableError(error);
  }
}

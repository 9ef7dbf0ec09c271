import { Redis, type RedisOptions } from 'ioredis';
import type { ChannelListener } from './key-value-store.ts';

/** What the adapter says to the log; pino's logger fits. */
export interface KeyValueLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

const CONNECT_TIMEOUT_MS = 1_000;
/** A command that times out leaves ioredis connected; only silence on the socket makes it connect anew. */
const SOCKET_TIMEOUT_MS = 1_000;
/** Redis is silent while nobody asks; without a question the socket timeout would cut a healthy connection. */
const PING_INTERVAL_MS = 400;
const RECONNECT_MS = { first: 50, max: 1_000 };
const CLOSE_TIMEOUT_MS = 200;
const SUBSCRIBE_TIMEOUT_MS = 200;

export function connect(url: string, logger: KeyValueLogger, own: Omit<RedisOptions, 'replyMapping'>): Redis {
  const options: Omit<RedisOptions, 'replyMapping'> = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    keepAlive: 10_000,
    noDelay: true,
    retryStrategy: (times: number) =>
      Math.min(RECONNECT_MS.max, RECONNECT_MS.first * 2 ** Math.min(times, 10)) * (0.5 + Math.random() / 2),
    ...own,
  };
  const redis = new Redis(url, options);
  let isLost = false;
  redis.on('ready', () => {
    if (isLost) logger.info({}, 'Redis is back');
    isLost = false;
  });
  // Without a listener each lost connection prints a stack; with one line for each outage the log stays readable.
  redis.on('error', (error) => {
    if (!isLost) logger.warn({ error }, 'Redis is not reachable');
    isLost = true;
  });
  const ping = setInterval(() => {
    if (redis.status === 'ready') redis.ping().catch(() => undefined);
  }, PING_INTERVAL_MS).unref();
  redis.on('end', () => clearInterval(ping));
  return redis;
}

export interface Subscriber {
  subscribe(channel: string, listener: ChannelListener): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** A connection of its own: one that listens can do nothing else, and a command timeout would end it. */
export function createSubscriber(url: string, logger: KeyValueLogger): Subscriber {
  const listeners = new Map<string, Set<ChannelListener>>();
  const redis = connect(url, logger, { autoResubscribe: true, enableOfflineQueue: true, maxRetriesPerRequest: null });
  redis.on('message', (channel: string, message: string) => {
    for (const listener of listeners.get(channel) ?? []) {
      try {
        listener(message);
      } catch (error) {
        logger.warn({ channel, error }, 'A channel listener failed');
      }
    }
  });
  return {
    async subscribe(channel, listener) {
      const own: ChannelListener = (message) => listener(message);
      const known = listeners.get(channel);
      const all = (known ?? new Set()).add(own);
      listeners.set(channel, all);
      // Not waited for while Redis is away: the subscription is made when it is back, and a message is only a hint.
      const subscribed = known === undefined ? redis.subscribe(channel).then(() => undefined) : Promise.resolve();
      await Promise.race([subscribed.catch(() => undefined), pause(SUBSCRIBE_TIMEOUT_MS)]);
      return async () => {
        all.delete(own);
        if (all.size > 0) return;
        listeners.delete(channel);
        await Promise.race([
          redis.unsubscribe(channel).then(
            () => undefined,
            () => undefined,
          ),
          pause(SUBSCRIBE_TIMEOUT_MS),
        ]);
      };
    },
    close: () => endOf(redis),
  };
}

/** QUIT waits for the answers under way; a server that gives none is left. */
export async function endOf(redis: Redis): Promise<void> {
  if (redis.status === 'ready')
    await Promise.race([
      redis.quit().then(
        () => undefined,
        () => undefined,
      ),
      pause(CLOSE_TIMEOUT_MS),
    ]);
  redis.disconnect();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

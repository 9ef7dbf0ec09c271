import { type KeyValueStore, KeyValueUnavailableError } from './key-value-store.ts';
import { connect, createSubscriber, endOf, type KeyValueLogger, type Subscriber } from './redis-connection.ts';

export interface RedisKeyValueStoreOptions {
  url: string;
  logger: KeyValueLogger;
  /** Put before every key and channel, for tests that share a server. */
  prefix?: string;
  /** How long a command may take, in milliseconds. Default 200. */
  commandTimeoutMs?: number;
}

const COMMAND_TIMEOUT_MS_DEFAULT = 200;

/** The time to live belongs to the moment the counter is made: INCRBY alone keeps it, EXPIRE at every call would move it. */
const INCREMENT = `
local value = redis.call('INCRBY', KEYS[1], ARGV[1])
local ttl = redis.call('PTTL', KEYS[1])
if ttl < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  ttl = tonumber(ARGV[2])
end
return { value, ttl }`;

/** A store on a Redis server (or what speaks its protocol: Valkey). Connects at once and reconnects for ever. */
export function createRedisKeyValueStore(options: RedisKeyValueStoreOptions): KeyValueStore {
  const { url, logger, prefix = '', commandTimeoutMs = COMMAND_TIMEOUT_MS_DEFAULT } = options;
  const commands = connect(url, logger, {
    commandTimeout: commandTimeoutMs,
    enableAutoPipelining: true,
    // A request waits for nobody: while there is no connection every command fails at once.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
  });
  let subscriber: Subscriber | undefined;
  let isClosed = false;
  const run = createDeadline(commandTimeoutMs);
  return {
    get: async (key) => (await run('get', commands.get(prefix + key))) ?? undefined,
    async getMany(keys) {
      if (keys.length === 0) return [];
      const values = await run('getMany', commands.mget(keys.map((key) => prefix + key)));
      return values.map((value) => value ?? undefined);
    },
    async set(key, value, { ttlMs, onlyIfAbsent = false } = {}) {
      const name = prefix + key;
      // Redis refuses a time to live of 0; what lives for no time is as good as not written.
      const ttl = ttlMs === undefined ? undefined : Math.max(1, Math.round(ttlMs));
      if (!onlyIfAbsent) {
        await run('set', ttl === undefined ? commands.set(name, value) : commands.set(name, value, 'PX', ttl));
        return true;
      }
      const absent = ttl === undefined ? commands.set(name, value, 'NX') : commands.set(name, value, 'PX', ttl, 'NX');
      return (await run('set', absent)) === 'OK';
    },
    async delete(keys) {
      if (keys.length > 0) await run('delete', commands.del(keys.map((key) => prefix + key)));
    },
    async increment(key, by, { ttlMs }) {
      const answer = await run(
        'increment',
        commands.eval(INCREMENT, 1, prefix + key, by, Math.max(1, Math.round(ttlMs))),
      );
      const [value, ttl] = answer as [number, number];
      return { value, ttlMs: ttl };
    },
    async publish(channel, message) {
      await run('publish', commands.publish(prefix + channel, message));
    },
    async subscribe(channel, listener) {
      subscriber ??= createSubscriber(url, logger);
      return await subscriber.subscribe(prefix + channel, listener);
    },
    isReady: () => !isClosed && commands.status === 'ready',
    async close() {
      isClosed = true;
      await Promise.all([endOf(commands), subscriber?.close()]);
    },
  };
}

/** Ends each command in time: ioredis lets one that waits in an automatic pipeline take its timeout twice (seen: 404 ms). */
function createDeadline(timeoutMs: number) {
  return async <T>(operation: string, command: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new KeyValueUnavailableError(operation)), timeoutMs);
    });
    try {
      return await Promise.race([command, expired]);
    } catch (error) {
      throw error instanceof KeyValueUnavailableError ? error : new KeyValueUnavailableError(operation, error);
    } finally {
      clearTimeout(timer);
    }
  };
}

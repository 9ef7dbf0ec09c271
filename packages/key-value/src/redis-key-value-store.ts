import type { KeyValueStore } from './key-value-store.ts';

/** What the adapter says to the log; pino's logger fits. */
export interface KeyValueLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface RedisKeyValueStoreOptions {
  url: string;
  logger: KeyValueLogger;
  /** Put before every key and channel, for tests that share a server. */
  prefix?: string;
  /** How long a command may take, in milliseconds. Default 200. */
  commandTimeoutMs?: number;
}

/** A store on a Redis server (or what speaks its protocol: Valkey). Connects at once and reconnects for ever. */
export function createRedisKeyValueStore(_options: RedisKeyValueStoreOptions): KeyValueStore {
  return undefined as never;
}

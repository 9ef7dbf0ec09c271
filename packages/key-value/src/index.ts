export { createInProcessKeyValueStore, type InProcessKeyValueStoreOptions } from './in-process-key-value-store.ts';
export {
  type ChannelListener,
  type Increment,
  type KeyValueStore,
  KeyValueUnavailableError,
  type SetOptions,
} from './key-value-store.ts';
export type { KeyValueLogger } from './redis-connection.ts';
export { createRedisKeyValueStore, type RedisKeyValueStoreOptions } from './redis-key-value-store.ts';

export { createInProcessKeyValueStore, type InProcessKeyValueStoreOptions } from './in-process-key-value-store.ts';
export {
  type ChannelListener,
  type Increment,
  type KeyValueStore,
  KeyValueUnavailableError,
  type SetOptions,
} from './key-value-store.ts';
export {
  createRedisKeyValueStore,
  type KeyValueLogger,
  type RedisKeyValueStoreOptions,
} from './redis-key-value-store.ts';

import type { KeyValueStore } from './key-value-store.ts';

export interface InProcessKeyValueStoreOptions {
  /** Decides what has expired; the system's clock when left out. */
  clock?: { now(): Date };
  /** At most this many entries; the ones unused for longest go first. Default 50,000. */
  entriesMax?: number;
}

/** A store inside this process, for embedded mode and tests. */
export function createInProcessKeyValueStore(_options: InProcessKeyValueStoreOptions = {}): KeyValueStore {
  return undefined as never;
}

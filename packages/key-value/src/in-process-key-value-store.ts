import { type ChannelListener, type KeyValueStore, KeyValueUnavailableError } from './key-value-store.ts';

const ENTRIES_MAX_DEFAULT = 50_000;
const LARGE_CHARACTERS_MAX_DEFAULT = 32 * 1024 * 1024;
/** Counters and marks are small, pages are large: a flood of the one must not push out the other. */
const LARGE_VALUE_LENGTH = 1_024;

export interface InProcessKeyValueStoreOptions {
  /** Decides what has expired; the system's clock when left out. */
  clock?: { now(): Date };
  /** At most this many entries; the ones unused for longest go first. Default 50,000. */
  entriesMax?: number;
  /** So many characters of values beyond a kilobyte at most; again the ones unused for longest go first. Default 32 Mi. */
  largeCharactersMax?: number;
  /** Hears of listeners that throw. */
  logger?: { warn(fields: object, message: string): void };
}

interface Entry {
  value: string;
  /** Infinity where it stays. */
  expiresAtMs: number;
}

interface ShelfLimits {
  nowMs: () => number;
  entriesMax: number;
  charactersMax: number;
}

/** Entries in the order of their last use; expired ones go when they are met or pushed out. */
function createShelf({ nowMs, entriesMax, charactersMax }: ShelfLimits) {
  const entries = new Map<string, Entry>();
  let characters = 0;
  const remove = (key: string): void => {
    characters -= entries.get(key)?.value.length ?? 0;
    entries.delete(key);
  };
  return {
    find(key: string): Entry | undefined {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.expiresAtMs <= nowMs()) {
        remove(key);
        return undefined;
      }
      // A map keeps the order of insertion: what was used last stands last.
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    write(key: string, entry: Entry): void {
      remove(key);
      entries.set(key, entry);
      characters += entry.value.length;
      for (const oldest of entries.keys()) {
        if (entries.size <= entriesMax && characters <= charactersMax) return;
        remove(oldest);
      }
    },
    remove,
    clear(): void {
      entries.clear();
      characters = 0;
    },
  };
}

/** Small entries on one shelf, large ones on another. */
function createEntries({ charactersMax, ...limits }: ShelfLimits) {
  const small = createShelf({ ...limits, charactersMax: Number.POSITIVE_INFINITY });
  const large = createShelf({ ...limits, charactersMax });
  return {
    find: (key: string): Entry | undefined => small.find(key) ?? large.find(key),
    write(key: string, entry: Entry): void {
      const [shelf, other] = entry.value.length > LARGE_VALUE_LENGTH ? [large, small] : [small, large];
      other.remove(key);
      shelf.write(key, entry);
    },
    delete(key: string): void {
      small.remove(key);
      large.remove(key);
    },
    clear(): void {
      small.clear();
      large.clear();
    },
  };
}

type StoreLogger = InProcessKeyValueStoreOptions['logger'];

function createChannels(logger: StoreLogger) {
  const channels = new Map<string, Set<ChannelListener>>();
  const deliver = (listener: ChannelListener, message: string) => {
    try {
      listener(message);
    } catch (error) {
      logger?.warn({ error }, 'A channel listener failed');
    }
  };
  return {
    publish(channel: string, message: string): void {
      // Later, as over a network: a listener must not run inside its publisher's call.
      for (const listener of channels.get(channel) ?? []) queueMicrotask(() => deliver(listener, message));
    },
    add(channel: string, listener: ChannelListener): () => void {
      const own: ChannelListener = (message) => listener(message);
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners.add(own));
      return () => {
        listeners.delete(own);
        if (listeners.size === 0 && channels.get(channel) === listeners) channels.delete(channel);
      };
    },
    clear: () => channels.clear(),
  };
}

/** A store inside this process, for embedded mode and tests. */
export function createInProcessKeyValueStore(options: InProcessKeyValueStoreOptions = {}): KeyValueStore {
  const { entriesMax = ENTRIES_MAX_DEFAULT, clock, logger } = options;
  const charactersMax = options.largeCharactersMax ?? LARGE_CHARACTERS_MAX_DEFAULT;
  const nowMs = () => clock?.now().getTime() ?? Date.now();
  const entries = createEntries({ nowMs, entriesMax, charactersMax });
  const channels = createChannels(logger);
  let isClosed = false;

  const assertOpen = (operation: string) => {
    if (isClosed) throw new KeyValueUnavailableError(operation);
  };
  const expiryOf = (ttlMs: number | undefined) => (ttlMs === undefined ? Number.POSITIVE_INFINITY : nowMs() + ttlMs);
  return {
    async get(key) {
      assertOpen('get');
      return entries.find(key)?.value;
    },
    async getMany(keys) {
      assertOpen('getMany');
      return keys.map((key) => entries.find(key)?.value);
    },
    async set(key, value, { ttlMs, onlyIfAbsent = false } = {}) {
      assertOpen('set');
      if (onlyIfAbsent && entries.find(key) !== undefined) return false;
      entries.write(key, { value, expiresAtMs: expiryOf(ttlMs) });
      return true;
    },
    async delete(keys) {
      assertOpen('delete');
      for (const key of keys) entries.delete(key);
    },
    async increment(key, by, { ttlMs }) {
      assertOpen('increment');
      const entry = entries.find(key) ?? { value: '0', expiresAtMs: expiryOf(ttlMs) };
      const value = Number(entry.value) + by;
      entries.write(key, { value: String(value), expiresAtMs: entry.expiresAtMs });
      return { value, ttlMs: Number.isFinite(entry.expiresAtMs) ? entry.expiresAtMs - nowMs() : ttlMs };
    },
    async publish(channel, message) {
      assertOpen('publish');
      channels.publish(channel, message);
    },
    async subscribe(channel, listener) {
      assertOpen('subscribe');
      const remove = channels.add(channel, listener);
      return async () => remove();
    },
    isReady: () => !isClosed,
    async close() {
      isClosed = true;
      entries.clear();
      channels.clear();
    },
  };
}

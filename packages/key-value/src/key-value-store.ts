/** How `set` writes. */
export interface SetOptions {
  /** The entry is gone after this many milliseconds; left out: it stays until deleted or evicted. */
  ttlMs?: number | undefined;
  /** Write only when the key holds nothing; `set` then answers whether it wrote. */
  onlyIfAbsent?: boolean | undefined;
}

/** A counter after `increment`. */
export interface Increment {
  value: number;
  /** Milliseconds until the counter is gone. */
  ttlMs: number;
}

/** Receives what others publish on a channel, in the order of one publisher. A throw is logged, never spread. */
export type ChannelListener = (message: string) => void;

/**
 * The port to a small, fast, shared and forgetful store: caches, counters, wake-up calls. Nothing in it decides; every
 * entry may be gone at any time. Each call settles within 250 ms, with a `KeyValueUnavailableError` where the store does
 * not answer, and then its effect is unknown: a counter may or may not have moved.
 */
export interface KeyValueStore {
  get(key: string): Promise<string | undefined>;
  /** One round trip; the answers stand in the order of `keys`. */
  getMany(keys: readonly string[]): Promise<(string | undefined)[]>;
  /** Whether it wrote: false only with `onlyIfAbsent` and a key that is taken. */
  set(key: string, value: string, options?: SetOptions): Promise<boolean>;
  delete(keys: readonly string[]): Promise<void>;
  /** Adds `by` atomically. The time to live is set when the counter is created and never moved after. */
  increment(key: string, by: number, options: { ttlMs: number }): Promise<Increment>;
  publish(channel: string, message: string): Promise<void>;
  /**
   * Listens until the returned function is called. A lost connection subscribes again by itself; what was published
   * meanwhile is lost, so a listener treats a message as a hint and never as the only way to learn something.
   */
  subscribe(channel: string, listener: ChannelListener): Promise<() => Promise<void>>;
  isReady(): boolean;
  /** Settles within 250 ms even when the store does not answer. */
  close(): Promise<void>;
}

/** The store gave no answer in time, refused the connection or is closed. */
export class KeyValueUnavailableError extends Error {
  override readonly name = 'KeyValueUnavailableError';

  constructor(operation: string, cause?: unknown) {
    super(`the key-value store did not answer ${operation}`, cause === undefined ? undefined : { cause });
  }
}
